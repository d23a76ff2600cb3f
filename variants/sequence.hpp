// Layers of one sequence that are no attention: what they refuse, and where the rows of a kernel lie.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/core/options.hpp"
#include "variants/variant.hpp"

namespace headcount {

// Such a layer reads x_kv [batch,1,1,kv_len,embed_dim] alone, and its q_len results are those of the last q_len tokens.

/// Why `name` cannot run this point whatever its options are; "" when it can.
inline std::string why_no_sequence(std::string_view name, const Point& point) {
    const Problem& p = point.problem;
    const std::string who(name);
    if (p.scope != Scope::layer) return who + " has no queries, keys and values to be given; set scope to layer";
    if (p.num_heads != 1) return who + " has no heads: all of embed_dim is one; set num_heads to 1";
    if (p.head_dim != p.embed_dim || p.value_head_dim != p.embed_dim) {
        return who + " has one width, embed_dim; leave head_dim and value_head_dim out";
    }
    if (p.q_len > p.kv_len) return who + " gives no more rows than it reads; set kv_len no smaller than q_len";
    if (p.q_len != p.kv_len && (runs_backward(p.pass) || point.trains())) {
        return who +
               " reads x_kv alone, so x_q has no derivative; set kv_len equal to q_len, or ask for a forward pass";
    }
    return "";
}

struct Kernel {
    std::int64_t kernel_size = 3;
    std::int64_t dilation = 1;
};
inline constexpr std::int64_t kLargestKernel = std::int64_t{1} << 20, kLargestDilation = std::int64_t{1} << 40;
inline const Options<Kernel>& kernel_options() {
    static const Options<Kernel> options{
        {"kernel_size", &Kernel::kernel_size, 1, kLargestKernel,
         "tokens that a result is made of: its own and those before it, or without a causal mask half of them behind "
         "it"},
        {"dilation", &Kernel::dilation, 1, kLargestDilation, "how far apart these tokens are"}};
    return options;
}

/// In a dilated network each layer's tokens are `kernel_size` times as far apart as those of the layer below.
inline Settings wider_kernel(const Point& point) {
    const Kernel kernel = kernel_options().read(point.own);
    const std::int64_t dilation = std::min(kernel.dilation * kernel.kernel_size, kLargestDilation);
    std::vector<Setting> settings = point.own.all();
    std::erase_if(settings, [](const Setting& setting) { return setting.name == "dilation"; });
    settings.push_back({.name = "dilation", .text = std::to_string(dilation)});
    return Settings(std::move(settings));
}

inline std::string why_no_kernel(std::string_view name, const Point& point) {
    std::string why = why_no_sequence(name, point);
    if (!why.empty()) return why;
    const Problem& p = point.problem;
    const Kernel kernel = kernel_options().read(point.own);
    if (!p.causal && kernel.kernel_size % 2 == 0) {
        return std::string(name) +
               " has no middle with an even kernel; set kernel_size to an odd number, or causal to true";
    }
    const std::int64_t reach = (p.causal ? kernel.kernel_size - 1 : kernel.kernel_size / 2) * kernel.dilation;
    if (reach >= p.kv_len && (runs_backward(p.pass) || point.trains())) {
        return std::string(name) + " has places in its kernel that no result of a sequence of " +
               std::to_string(p.kv_len) +
               " looks at, whose weights have no derivative; set kernel_size or dilation "
               "smaller, or seq_len larger";
    }
    return "";
}

/// f(place, token) for each place of the kernel that result `index` has a token at, the place of its own token first:
/// for definitions, which look at one result at a time and know nothing of taps.
template <class F>
void for_each_neighbour(const Problem& p, const Kernel& kernel, std::int64_t index, F f) {
    const std::int64_t centre = p.causal ? 0 : (kernel.kernel_size - 1) / 2, here = p.kv_len - p.q_len + index;
    f(centre, here);
    for (std::int64_t place = 0; place < kernel.kernel_size; ++place) {
        const std::int64_t token = here - (place - centre) * kernel.dilation;
        if (place != centre && token >= 0 && token < p.kv_len) f(place, token);
    }
}

/// One place of a kernel: the results that have a token there, and the first of these tokens.
struct Tap {
    std::int64_t place, first_row, rows, first_token;
};

/// f(tap) for each place of the kernel that some result has a token at. The first is that of the result's own token,
/// which all have. Place j is `j - middle` times the dilation before it.
template <class F>
void for_each_tap(const Problem& p, const Kernel& kernel, F f) {
    const std::int64_t ahead = p.kv_len - p.q_len, middle = p.causal ? 0 : kernel.kernel_size / 2;
    const auto at = [&](std::int64_t place) {
        const std::int64_t shift = ahead + (middle - place) * kernel.dilation;  // from a result to its token
        const std::int64_t first = std::max<std::int64_t>(0, -shift), last = std::min(p.q_len, p.kv_len - shift);
        if (first < last)
            f(Tap{.place = place, .first_row = first, .rows = last - first, .first_token = first + shift});
    };
    at(middle);
    for (std::int64_t place = 0; place < kernel.kernel_size; ++place) {
        if (place != middle) at(place);
    }
}

/// Decoding goes on from the tokens that the next result sees besides its own.
inline void keep_tokens(Pass& pass, const Kernel& kernel, const Tensor& tokens) {
    const std::int64_t before = pass.problem.causal ? kernel.kernel_size - 1 : kernel.kernel_size / 2;
    const std::int64_t seen = std::min(pass.problem.kv_len, before * kernel.dilation);
    if (seen > 0) pass.cached(tokens.row_range(pass.problem.kv_len - seen, seen));
}

}  // namespace headcount
