#include "harness/measure/point/looks.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "harness/measure/point/inputs.hpp"
#include "variants/all.hpp"

namespace headcount {
namespace {

/// In f64 a change of order one is never lost beside what stays.
Point exact_layer(Point point) {
    point.backend = "naive";
    point.num_threads = 1;
    point.problem.scope = Scope::layer;
    point.problem.dtype = DType::f64;
    point.problem.pass = PassKind::forward;
    point.problem.cached = false;
    return point;
}

/// Other numbers in row `row` of every batch entry, or the old ones again: a factor of -2 or -1/2 is exact.
void scale_row(const Tensor& x, std::int64_t row, double factor) {
    for (std::int64_t b = 0; b < x.batch(); ++b) {
        for (std::int64_t j = 0; j < x.cols(); ++j) *x.at<double>(b, 0, 0, row, j) *= factor;
    }
}

std::vector<std::vector<double>> rows_of_output(PointData& data) {
    run_forward(data);
    const Tensor& out = data.layout.out;
    std::vector<std::vector<double>> rows(static_cast<std::size_t>(out.rows()));
    for (std::int64_t b = 0; b < out.batch(); ++b) {
        for (std::int64_t i = 0; i < out.rows(); ++i) {
            const double* const first = out.at<double>(b, 0, 0, i, 0);
            rows[static_cast<std::size_t>(i)].insert(rows[static_cast<std::size_t>(i)].end(), first,
                                                     first + out.cols());
        }
    }
    return rows;
}

/// The output with one head's rows of W_O alone, and W_V as it is or with other columns of one head.
std::vector<double> output_of_head(const Point& point, std::int64_t head, std::int64_t width, std::int64_t moved) {
    const auto is_in = [width](std::int64_t index, std::int64_t of) { return of >= 0 && index / width == of; };
    PointData data = make_point_data(point, [&](std::string_view name, const Tensor& to, double scale) {
        fill_random(to, point.seed, name, scale);
        for (std::int64_t i = 0; i < to.rows(); ++i) {
            for (std::int64_t j = 0; j < to.cols(); ++j) {
                double& number = *to.at<double>(0, 0, 0, i, j);
                if (name == "wo" && !is_in(i, head)) number = 0;
                if (name == "wv" && is_in(j, moved)) number *= -2;
            }
        }
    });
    std::vector<double> all;
    for (const std::vector<double>& row : rows_of_output(data)) all.insert(all.end(), row.begin(), row.end());
    return all;
}

}  // namespace

Looks looks_of(std::int64_t columns, const std::function<std::vector<std::vector<double>>(std::int64_t)>& changed) {
    const std::vector<std::vector<double>> before = changed(-1);
    Looks looks(before.size(), std::vector<bool>(static_cast<std::size_t>(columns)));
    for (std::int64_t column = 0; column < columns; ++column) {
        const std::vector<std::vector<double>> after = changed(column);
        for (std::size_t row = 0; row < before.size(); ++row) {
            looks[row][static_cast<std::size_t>(column)] = before[row] != after[row];
        }
    }
    return looks;
}

bool reads_x_kv(const Point& point) {
    Point cross = point;
    cross.problem.kv_len += 1;
    return why_unsupported(cross).empty() || !why_unsupported(point).empty();
}

bool reads_x_q(const Point& asked) {
    Point point = exact_layer(asked);
    // Whether it does depends on no length: a short one answers as well, and at once, where the variant takes it.
    constexpr std::int64_t kShort = 8;
    Point few = point;
    few.problem.batch = 1;
    few.problem.kv_len = std::min(few.problem.kv_len, kShort);
    few.problem.q_len = std::min(few.problem.q_len, few.problem.kv_len);
    if (why_unsupported(few).empty()) point = few;
    PointData data = make_point_data(point);
    const Workspace own_keys = separate_x_kv(data);
    const std::vector<std::vector<double>> before = rows_of_output(data);
    const Tensor& x = data.layout.inputs.x_q;
    for (std::int64_t row = 0; row < x.rows(); ++row) scale_row(x, row, -2);
    return rows_of_output(data) != before;
}

Looks seen_keys(const Point& asked) {
    const Point point = exact_layer(asked);
    PointData data = make_point_data(point);
    const Workspace own_keys = reads_x_kv(point) ? separate_x_kv(data) : Workspace::dry();
    return looks_of(point.problem.kv_len, [&](std::int64_t key) {
        if (key >= 0) scale_row(data.layout.inputs.x_kv, key, -2);
        std::vector<std::vector<double>> rows = rows_of_output(data);
        if (key >= 0) scale_row(data.layout.inputs.x_kv, key, -0.5);
        return rows;
    });
}

Looks read_heads(const Point& asked) {
    const Point point = exact_layer(asked);
    const Weights weights = make_point_data(point).layout.canonical;
    const Tensor *wv = weights.find("wv"), *wo = weights.find("wo");
    if (wv == nullptr || wo == nullptr) return {};
    const std::int64_t kv_heads = point.problem.num_kv_heads, width = wv->cols() / kv_heads;
    Looks looks;
    for (std::int64_t head = 0; head < wo->rows() / width; ++head) {
        const auto of_head = [&](std::int64_t moved) {
            return std::vector<std::vector<double>>{output_of_head(point, head, width, moved)};
        };
        looks.push_back(looks_of(kv_heads, of_head).front());
    }
    return looks;
}

}  // namespace headcount
