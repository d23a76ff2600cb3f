#include "harness/core/tensor.hpp"

#include <string>
#include <utility>

#include "harness/core/error.hpp"

namespace headcount {
namespace {

Tensor offset(Tensor t, std::int64_t elements) {
    if (t.data != nullptr) t.data = static_cast<char*>(t.data) + elements * size_in_bytes(t.dtype);
    return t;
}

Tensor slice(const Tensor& t, std::size_t dim, std::int64_t first, std::int64_t count) {
    if (first < 0 || count < 1 || first + count > t.extent[dim]) {
        throw Error("tensor slice [" + std::to_string(first) + ", " + std::to_string(first + count) +
                    ") is outside its extent " + std::to_string(t.extent[dim]));
    }
    Tensor s = offset(t, first * t.stride[dim]);
    s.extent[dim] = count;
    return s;
}

}  // namespace

Tensor Tensor::transposed() const {
    Tensor t = *this;
    std::swap(t.extent[3], t.extent[4]);
    std::swap(t.stride[3], t.stride[4]);
    return t;
}

Tensor Tensor::head(std::int64_t kv_head, std::int64_t group_index) const {
    return slice(slice(*this, 1, kv_head, 1), 2, group_index, 1);
}

Tensor Tensor::matrix(std::int64_t b, std::int64_t n, std::int64_t g) const {
    return slice(slice(slice(*this, 0, extent[0] == 1 ? 0 : b, 1), 1, extent[1] == 1 ? 0 : n, 1), 2,
                 extent[2] == 1 ? 0 : g, 1);
}

Tensor Tensor::columns(std::int64_t first, std::int64_t count) const { return slice(*this, 4, first, count); }

Tensor Tensor::row_range(std::int64_t first, std::int64_t count) const { return slice(*this, 3, first, count); }

Tensor dense(void* data, DType dtype, std::array<std::int64_t, 5> extent) {
    Tensor t{.data = data, .dtype = dtype, .extent = extent, .stride = {}};
    std::int64_t step = 1;
    for (std::size_t i = 5; i-- > 0;) {
        t.stride[i] = step;
        step *= extent[i];
    }
    return t;
}

namespace {

/// Elements from the first to behind the last.
std::int64_t span_of(const Tensor& t) {
    std::int64_t last = 0;
    for (std::size_t i = 0; i < 5; ++i) last += (t.extent[i] - 1) * t.stride[i];
    return last + 1;
}

/// Where every larger step of `t` is a multiple of `row`: how far its elements reach within a row; otherwise 0.
std::int64_t reach_within(const Tensor& t, std::int64_t row) {
    std::int64_t reach = 1;
    for (std::size_t i = 0; i < 5; ++i) {
        if (t.extent[i] == 1) continue;
        if (t.stride[i] < row) {
            reach += (t.extent[i] - 1) * t.stride[i];
        } else if (t.stride[i] % row != 0) {
            return 0;
        }
    }
    return reach <= row ? reach : 0;
}

/// Whether a and b, b beginning `ahead` elements behind a, are columns of the same rows that do not meet.
bool columns_apart(const Tensor& a, const Tensor& b, std::int64_t ahead, std::int64_t row) {
    const std::int64_t of_a = reach_within(a, row), of_b = reach_within(b, row);
    if (row <= 1 || of_a == 0 || of_b == 0) return false;
    const std::int64_t shift = (ahead % row + row) % row;
    return shift >= of_a && shift + of_b <= row;
}

}  // namespace

bool overlap(const Tensor& a, const Tensor& b) {
    const std::int64_t size = size_in_bytes(a.dtype);
    const auto first = [](const Tensor& t) { return reinterpret_cast<std::intptr_t>(t.data); };
    if (first(a) > first(b)) return overlap(b, a);
    const std::int64_t apart = first(b) - first(a);
    if (apart >= span_of(a) * size || a.dtype != b.dtype || apart % size != 0) return apart < span_of(a) * size;
    for (const Tensor* t : {&a, &b}) {
        for (std::size_t i = 0; i < 5; ++i) {
            if (t->extent[i] > 1 && columns_apart(a, b, apart / size, t->stride[i])) return false;
        }
    }
    return true;
}

bool same_window(const Tensor& a, const Tensor& b) {
    if (a.data != b.data || a.dtype != b.dtype || a.extent != b.extent) return false;
    for (std::size_t i = 0; i < 5; ++i) {
        if (a.extent[i] > 1 && a.stride[i] != b.stride[i]) return false;
    }
    return true;
}

std::optional<Tensor> batch_as_rows(const Tensor& t) {
    if (t.kv_heads() != 1 || t.group() != 1) return std::nullopt;
    // Single rows, as of the newest tokens of a batch, are rows at whatever distance.
    if (t.batch() != 1 && t.rows() != 1 && t.stride[0] != t.rows() * t.stride[3]) return std::nullopt;
    Tensor rows = t;
    if (t.batch() != 1 && t.rows() == 1) rows.stride[3] = t.stride[0];
    rows.extent = {1, 1, 1, t.batch() * t.rows(), t.cols()};
    return rows;
}

Tensor split_heads(Tensor x, std::int64_t num_kv_heads, std::int64_t group) {
    const std::int64_t heads = num_kv_heads * group;
    if (heads < 1 || x.cols() % heads != 0 || x.kv_heads() != 1 || x.group() != 1) {
        throw Error("cannot split " + std::to_string(x.cols()) + " columns into " + std::to_string(heads) + " heads");
    }
    const std::int64_t width = x.cols() / heads;
    x.extent = {x.batch(), num_kv_heads, group, x.rows(), width};
    x.stride = {x.stride[0], group * width * x.stride[4], width * x.stride[4], x.stride[3], x.stride[4]};
    return x;
}

}  // namespace headcount
