// Writes inputs, outputs and derivatives for torch_test.py, which has PyTorch differentiate the same.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>

#include "tests/catch.hpp"
#include "tests/measure/gradient_points.hpp"
#include "tests/measure/moving_point.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

/// One point as two files: lines of text, `field NAME VALUE` and `tensor NAME BATCH ROWS COLS`, and the numbers of
/// those tensors one behind the other, in the point's type.
class PointFiles {
public:
    PointFiles(const std::filesystem::path& name, const Point& point)
        : text_(std::filesystem::path(name).replace_extension("txt")),
          numbers_(std::filesystem::path(name).replace_extension("bin"), std::ios::binary) {
        text_ << "field id " << point.id() << '\n';
        for (const std::string_view field :
             {"variant", "dtype", "scope", "causal", "num_heads", "num_kv_heads", "head_dim", "value_head_dim"})
            text_ << "field " << field << ' ' << get_field(point, field) << '\n';
        for (const Setting& option : point.own.all()) text_ << "field " << option.name << ' ' << option.text << '\n';
        const bool plain = computes_attention(find_named(all_variants(), point.variant, "variant"));
        text_ << "field plain " << (plain ? "true" : "false") << '\n';
    }
    void add(const std::string& name, const Tensor& t) {
        text_ << "tensor " << name << ' ' << t.batch() << ' ' << t.rows() << ' ' << t.cols() << '\n';
        numbers_.write(static_cast<const char*>(t.data), t.bytes());
    }
    bool written() { return text_.flush().good() && numbers_.flush().good(); }

private:
    std::ofstream text_, numbers_;
};

}  // namespace

TEST_CASE("points for PyTorch, into the folder HEADCOUNT_GRADIENTS", "[.torch]") {
    const char* const folder = std::getenv("HEADCOUNT_GRADIENTS");
    REQUIRE(folder != nullptr);
    std::set<std::string> met;
    int number = 0;
    const auto write = [&](const Point& point) {
        MovingPoint moving(point);
        moving.gradient();
        PointFiles files(std::filesystem::path(folder) / std::to_string(number++), point);
        const Adjoints& derivatives = moving.data.backward->derivatives;
        for (const auto& [name, tensor] : moving.parameters) {
            files.add(name, tensor);
            files.add("d_" + name, derivatives.of(tensor));
        }
        files.add("out", moving.data.layout.out);
        files.add("d_out", moving.d_out());
        REQUIRE(files.written());
        met.insert(point.variant);
    };
    for_each_gradient_point("naive", DType::f32, write);
    REQUIRE(met == differentiable_variants());
    for_each_gradient_point("simd", DType::f32, write);
    for_each_gradient_point("naive", DType::f64, write);
}
