#include "harness/cli/model_numbers.hpp"

namespace headcount {
namespace {

void add_work(std::vector<ModelNumber>& numbers, const std::string& phase, const TokenWork& work) {
    const auto add = [&](const char* part, const Rational& value) {
        numbers.push_back({phase + "." + part, "FLOP a token", value});
    };
    add("projections", work.projections);
    add("core", work.core);
    add("feed_forward", work.feed_forward);
    add("prediction", work.prediction);
    add("total", work.total());
    numbers.push_back({phase + ".attention_share", "%", attention_percent(work)});
    numbers.push_back({phase + ".core_share", "%", core_percent(work)});
}

}  // namespace

Rational attention_percent(const TokenWork& work) { return 100 * work.attention() / work.total(); }
Rational core_percent(const TokenWork& work) { return 100 * work.core / work.total(); }

std::vector<ModelNumber> numbers_of(const ModelFigures& figures) {
    const ModelParameters& p = figures.parameters;
    std::vector<ModelNumber> numbers{{"parameters", "", p.total},
                                     {"parameters.active", "", p.active},
                                     {"parameters.attention", "", p.attention},
                                     {"parameters.feed_forward", "", p.feed_forward},
                                     {"parameters.embeddings", "", p.embeddings},
                                     {"parameters.norms", "", p.norms}};
    add_work(numbers, "reading", figures.reading);
    if (figures.writing) {
        add_work(numbers, "writing", *figures.writing);
        numbers.push_back({"cache.first_token", "bytes", figures.cache_bytes_of_first});
        numbers.push_back({"cache.next_token", "bytes", figures.cache_bytes_of_next});
        numbers.push_back({"cache", "bytes", figures.cache_bytes});
    }
    return numbers;
}

}  // namespace headcount
