#include "harness/measure/point/rotation.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "harness/core/error.hpp"

namespace headcount {
namespace {

constexpr std::int64_t kNumbers = 32768;  // of a tensor, written anew: 0.1 ms

/// Every so manieth row of each batch entry, the first among them.
std::vector<Tensor> changing_rows(const Tensor& t) {
    const std::int64_t all = t.elements();
    const std::int64_t step = std::clamp<std::int64_t>(all / kNumbers, 1, t.rows());
    std::vector<Tensor> rows;
    auto* const data = static_cast<std::byte*>(t.data);
    const auto row_bytes = static_cast<std::size_t>(t.cols() * size_in_bytes(t.dtype));
    for (std::int64_t b = 0; b < t.batch(); ++b) {
        for (std::int64_t i = 0; i < t.rows(); i += step) {
            const auto place = static_cast<std::size_t>(b * t.rows() + i);
            rows.push_back(dense(data + place * row_bytes, t.dtype, {1, 1, 1, 1, t.cols()}));
        }
    }
    return rows;
}

}  // namespace

Rotation::Rotation(PointData& data, bool all) : data_(data) {
    const Inputs& given = data.layout.inputs;
    std::vector<std::pair<std::string, Tensor>> tensors;
    const PassKind pass = given.problem.pass;
    if (all || runs_forward(pass)) {
        for (const auto& [name, tensor] : {std::pair{"x_q", given.x_q},
                                           {"x_kv", given.x_kv},
                                           {"q", given.q},
                                           {"k", given.k},
                                           {"v", given.v},
                                           {"context", given.context}}) {
            const bool twice = std::ranges::any_of(
                tensors, [&, &t = tensor](const auto& other) { return other.second.data == t.data; });
            if (tensor.data != nullptr && !twice) tensors.emplace_back(name, tensor);
        }
    }
    if (runs_backward(pass)) tensors.emplace_back("d_out", data.backward->derivatives.of(data.layout.out));
    for (auto& [name, tensor] : tensors) {
        Changing changing{.name = name, .tensor = tensor, .rows = changing_rows(tensor), .first = {}};
        for (const Tensor& row : changing.rows) {
            const auto* const from = static_cast<const std::byte*>(row.data);
            changing.first.insert(changing.first.end(), from, from + row.bytes());
        }
        tensors_.push_back(std::move(changing));
    }
}

void Rotation::show(std::uint64_t set) {
    if (data_.input_set == set) return;
    for (const Changing& changing : tensors_) {
        const std::byte* first = changing.first.data();
        std::int64_t number = 0;
        for (const Tensor& row : changing.rows) {
            if (set == kFirstInputs) {
                std::memcpy(row.data, first, static_cast<std::size_t>(row.bytes()));
            } else {
                fill_random(row, data_.point.seed, fmt::format("{}, set {}, row {}", changing.name, set, number), 1);
            }
            first += row.bytes();
            ++number;
        }
    }
    data_.input_set = set;
    renew_kept(data_);
}

void refuse_kept_results(double pass_s, const std::function<void(std::uint64_t set)>& show,
                         const std::function<double()>& pass_seconds) {
    constexpr double kFollowsNone_s = 1;
    constexpr double kTimes = 4, kAnyway_s = 0.001;
    constexpr std::uint64_t kTries = 8;
    if (pass_s >= kFollowsNone_s) return;
    double fastest = std::numeric_limits<double>::infinity(), again = 0;
    for (std::uint64_t i = 0; i < kTries; ++i) {
        show(kUnseenInputs + 1 + i);
        fastest = std::min(fastest, pass_seconds());
        again = pass_seconds();
        if (fastest <= kTimes * again + kAnyway_s) return;
    }
    throw Error(
        fmt::format("results are kept and not computed: a first pass on new inputs takes {:.3g} ms, the next on "
                    "the same {:.3g} ms",
                    1e3 * fastest, 1e3 * again));
}

}  // namespace headcount
