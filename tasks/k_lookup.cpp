// k-lookup: of a list of keys with values, the values of k keys at once.
#include <algorithm>
#include <vector>

#include "harness/core/options.hpp"
#include "tasks/task.hpp"

namespace headcount::tasks {
namespace {

struct Lookup {
    std::int64_t items = 4;
    std::int64_t token_width = 4;
};
const Options<Lookup>& options() {
    static const Options<Lookup> own{
        {"items", &Lookup::items, 1, 1024, "keys that are looked up at once, k"},
        {"token_width", &Lookup::token_width, 1, 1024, "numbers of a key, and of a value"}};
    return own;
}

/// Rows of keys are a key and its value; a query is k keys of different rows, side by side; the target their values.
class Pairs final : public Examples {
public:
    explicit Pairs(const Lookup& own)
        : items_(static_cast<std::size_t>(own.items)), width_(static_cast<std::size_t>(own.token_width)) {}
    void next(Draw& draw, const Example& into) const override {
        const std::size_t rows = into.keys.size() / (2 * width_);
        for (std::size_t row = 0; row < rows; ++row) {
            draw.direction(into.keys.subspan(2 * width_ * row, width_));
            draw.normal(into.keys.subspan(2 * width_ * row + width_, width_));
        }
        std::vector<std::size_t> order(rows);
        for (std::size_t first = 0; first < into.queries.size(); first += items_ * width_) {
            for (std::size_t i = 0; i < rows; ++i) order[i] = i;
            for (std::size_t i = 0; i < items_; ++i) {
                std::swap(order[i], order[i + draw.below(rows - i)]);
                const std::size_t at = first + i * width_;
                std::copy_n(into.keys.subspan(2 * width_ * order[i]).begin(), width_, into.queries.subspan(at).begin());
                std::copy_n(into.keys.subspan(2 * width_ * order[i] + width_).begin(), width_,
                            into.targets.subspan(at).begin());
            }
        }
    }

private:
    std::size_t items_, width_;
};

}  // namespace

Task k_lookup() {
    return {.summary = "the values of `items` keys at once, out of kv_len pairs of a key and a value",
            .source = "associative recall with k questions in one (this project)",
            .own = options().fields(),
            .model = [](const Point& point) -> ModelShape {
                const Lookup own = options().read(point.own);
                return {.key_width = 2 * own.token_width,
                        .query_width = own.items * own.token_width,
                        .target_width = own.items * own.token_width};
            },
            .examples = [](const Point& point, Draw&) -> std::unique_ptr<Examples> {
                return std::make_unique<Pairs>(options().read(point.own));
            },
            .unsupported = [](const Point& point) -> std::string {
                return options().read(point.own).items <= point.problem.kv_len
                           ? ""
                           : "k_lookup asks for `items` different rows: kv_len must be as many at least";
            }};
}

}  // namespace headcount::tasks
