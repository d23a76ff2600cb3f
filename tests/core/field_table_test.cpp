#include "harness/core/field_table.hpp"

#include "harness/core/error.hpp"
#include "harness/core/options.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

struct Window {
    std::int64_t window = 256;
    bool sink = false;
    std::string side = "left";
};

const Options<Window>& window_options() {
    static const Options<Window> options{{"window", &Window::window, 1, 4096, "keys that a query sees"},
                                         {"sink", &Window::sink, "the first key is always seen"},
                                         {"side", &Window::side, {"left", "both"}, "where the keys stand"}};
    return options;
}

FieldTable table_with_window() {
    FieldTable table;
    table.add({.kind = FieldOwner::Kind::variant, .name = "local"}, window_options().fields());
    return table;
}

Point point_of(const FieldTable& table, const std::string& variant, const std::string& window) {
    PointSpec spec;
    for (const auto& [field, text] : {std::pair<std::string, std::string>{"variant", variant},
                                      {"backend", "naive"},
                                      {"seq_len", "8"},
                                      {"embed_dim", "4"},
                                      {"window", window}}) {
        table.set(spec, field, text);
    }
    return table.resolve(spec);
}

}  // namespace

TEST_CASE("an option is a field of the points that have it, and of no other") {
    const FieldTable table = table_with_window();
    const Point local = point_of(table, "local", "64");
    CHECK(local.id() == "local/naive/seq_len=8,embed_dim=4,window=64");
    CHECK(get_field(local, "window") == "64");
    CHECK(get_field(local, "sink") == "false");
    CHECK(number_of(local, "window") == 64);
    CHECK(table.point_from_id(local.id()) == local);
    CHECK(window_options().read(local.own).window == 64);
    CHECK_FALSE(window_options().read(local.own).sink);

    const Point other = point_of(table, "multi_head", "64");
    CHECK(other.id() == "multi_head/naive/seq_len=8,embed_dim=4");
    CHECK(get_field(other, "window").empty());
    CHECK(other == point_of(table, "multi_head", "128"));
    CHECK_FALSE(local == point_of(table, "local", "128"));
}

TEST_CASE("an id leaves out an option at its default, and stands options before the seed") {
    const FieldTable table = table_with_window();
    const Point plain = table.point_from_id("local/naive/seq_len=8,embed_dim=4,window=256,seed=3");
    CHECK(plain.id() == "local/naive/seq_len=8,embed_dim=4,seed=3");
    CHECK(is_default(plain, "window"));
    const Point chosen = table.point_from_id("local/naive/seq_len=8,embed_dim=4,seed=3,window=7,sink=true,side=both");
    CHECK(chosen.id() == "local/naive/seq_len=8,embed_dim=4,side=both,sink=true,window=7,seed=3");
    CHECK_FALSE(is_default(chosen, "window"));
    CHECK(PointHash{}(chosen) != PointHash{}(plain));
}

TEST_CASE("what an option cannot be is refused with its limits and its owner") {
    const FieldTable table = table_with_window();
    CHECK_THROWS_WITH(table.point_from_id("local/naive/seq_len=8,embed_dim=4,window=0"),
                      Catch::Contains("window 0 is out of range"));
    CHECK_THROWS_WITH(table.point_from_id("local/naive/seq_len=8,embed_dim=4,side=bot"),
                      Catch::Contains("did you mean 'both'"));
    CHECK_THROWS_WITH(table.point_from_id("multi_head/naive/seq_len=8,embed_dim=4,window=8"),
                      Catch::Contains("window is an option of variant local"));
    CHECK_THROWS_WITH(table.point_from_id("local/naive/seq_len=8,embed_dim=4,widow=8"),
                      Catch::Contains("did you mean 'window'"));
    PointSpec spec;
    CHECK_THROWS_AS(set_field(spec, "window", "8"), UsageError);
}

TEST_CASE("no option shadows a field of all points, nor another kind of option") {
    FieldTable table = table_with_window();
    Field shadow;
    shadow.name = "num_heads";
    CHECK_THROWS_WITH(table.add({.kind = FieldOwner::Kind::variant, .name = "bad"}, {shadow}),
                      Catch::Contains("num_heads, which every point has"));
    Field other;
    other.name = "window";
    other.type = FieldType::boolean;
    CHECK_THROWS_WITH(table.add({.kind = FieldOwner::Kind::variant, .name = "bad"}, {other}),
                      Catch::Contains("another kind of thing than variant local"));
}

TEST_CASE("two owners of one option keep limits and defaults of their own") {
    FieldTable table = table_with_window();
    Field narrow = window_options().fields().front();
    narrow.max = 16;
    narrow.otherwise = "4";
    table.add({.kind = FieldOwner::Kind::variant, .name = "strided"}, {narrow});
    CHECK(get_field(table.point_from_id("strided/naive/seq_len=8,embed_dim=4"), "window") == "4");
    CHECK(get_field(table.point_from_id("local/naive/seq_len=8,embed_dim=4"), "window") == "256");
    CHECK_THROWS_AS(table.point_from_id("strided/naive/seq_len=8,embed_dim=4,window=64"), UsageError);
    CHECK(table.owners_of("window") == "variant local, variant strided");
}

TEST_CASE("choices and limits that a later owner alone allows can be set for it, and not for the first") {
    FieldTable table = table_with_window();
    Field form;
    form.name = "form";
    form.type = FieldType::choice;
    form.choices = {"absorbed"};
    form.otherwise = "absorbed";
    Field other = form;
    other.choices = {"chunked"};
    other.otherwise = "chunked";
    Field from_zero = window_options().fields().front();
    from_zero.min = 0;
    table.add({.kind = FieldOwner::Kind::variant, .name = "latent"}, {form});
    table.add({.kind = FieldOwner::Kind::variant, .name = "linear"}, {other, from_zero});
    const Point point = table.point_from_id("linear/naive/seq_len=8,embed_dim=4,form=chunked,window=0");
    CHECK(get_field(point, "form") == "chunked");
    CHECK(get_field(point, "window") == "0");
    CHECK_THROWS_AS(table.point_from_id("latent/naive/seq_len=8,embed_dim=4,form=chunked"), UsageError);
    CHECK_THROWS_AS(table.point_from_id("local/naive/seq_len=8,embed_dim=4,window=0"), UsageError);
    CHECK_THROWS_AS(table.point_from_id("linear/naive/seq_len=8,embed_dim=4,form=recurrent"), UsageError);
    CHECK(table.at("form").choices == std::vector<std::string>{"absorbed", "chunked"});
}

TEST_CASE("an owner is read back from its text") {
    const FieldOwner owner{.kind = FieldOwner::Kind::backend, .name = "simd"};
    CHECK(owner.text() == "backend simd");
    CHECK(FieldOwner::from_text(owner.text()).name == "simd");
    for (const char* text : {"", "backend", "backend ", "engine x", "variant"}) {
        CHECK_THROWS_AS(FieldOwner::from_text(text), Error);
    }
}
