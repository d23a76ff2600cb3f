#include "harness/judge/given.hpp"

#include <cmath>
#include <type_traits>
#include <vector>

#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "harness/core/storage.hpp"
#include "harness/judge/steps.hpp"

namespace headcount::judge {
namespace {

template <class Values>
const auto& found_in(const Values& values, std::string_view what, std::string_view name) {
    const auto found = values.find(name);
    if (found != values.end()) return found->second;
    std::vector<std::string> known;
    for (const auto& entry : values) known.push_back(entry.first);
    throw Error(unknown_name(what, name, std::move(known)));
}

template <class From, class T>
void convert(const Tensor& t, std::int64_t batch, std::int64_t first, Known<T>& to) {
    for (std::int64_t i = 0; i < to.rows; ++i) {
        const From* const row = t.at<From>(batch, 0, 0, first + i, 0);
        T* const y = to.value.data() + i * to.cols;
        for (std::int64_t j = 0; j < to.cols; ++j) y[j] = static_cast<T>(value_of(row[j * t.stride[4]]));
    }
}

/// Gives each number the slope that `direction` has there.
void move_along(const Tensor& direction, std::int64_t batch, std::int64_t first, Known<Dual>& numbers) {
    for (std::int64_t i = 0; i < numbers.rows; ++i) {
        for (std::int64_t j = 0; j < numbers.cols; ++j) {
            Dual& number = numbers.value[static_cast<std::size_t>(i * numbers.cols + j)];
            number = Dual(number.value(), *direction.at<double>(batch, 0, 0, first + i, j));
        }
    }
}

/// The same numbers, stored column by column, because loops along a head's keys are longer than those along its
/// columns.
template <class T>
Known<T> by_columns(const Known<T>& x) {
    Known<T> y(x.cols, x.rows, x.rounding);
    y.stored = x.stored;
    if (!x.error.empty()) y.with_errors();
    for (std::int64_t i = 0; i < x.rows; ++i) {
        for (std::int64_t j = 0; j < x.cols; ++j) {
            const auto from = static_cast<std::size_t>(i * x.cols + j);
            const auto to = static_cast<std::size_t>(j * x.rows + i);
            y.value[to] = x.value[from];
            if (!x.error.empty()) y.error[to] = x.error[from];
        }
    }
    return y;
}

}  // namespace

template <class T>
Given<T>::Given(const Question& question) : question_(question), rounding_(rounding_of(question.problem.dtype)) {
    for (const auto& [name, tensor] : question.weights) {
        Weight weight{.numbers = read(tensor, 0, 0, tensor.rows()), .squares = {}};
        if constexpr (kBounded<T>) weight.squares = bounds::column_squares(weight.numbers.view());
        weights_.emplace(name, std::move(weight));
    }
}

template <class T>
double Given<T>::scale() const {
    return 1 / std::sqrt(static_cast<double>(question_.problem.head_dim));
}

template <class T>
const Tensor& Given<T>::input(std::string_view name) const {
    return found_in(question_.inputs, "input", name);
}

template <class T>
Known<T> Given<T>::read(const Tensor& t, std::int64_t batch, std::int64_t first, std::int64_t rows) const {
    Known<T> numbers(rows, t.cols(), rounding_);
    with_storage(t.dtype, [&](auto storage) { convert<decltype(storage)>(t, batch, first, numbers); });
    if constexpr (std::is_same_v<T, Dual>) {
        const auto found = question_.directions.find(t.data);
        if (found != question_.directions.end()) move_along(found->second, batch, first, numbers);
    }
    return numbers;
}

template <class T>
Known<T> Given<T>::all_rows(std::string_view name, std::int64_t batch) const {
    const Tensor& t = input(name);
    return read(t, batch, 0, t.rows());
}

template <class T>
Known<T> Given<T>::x_q(Row row) const {
    return read(input("x_q"), row.batch, row.index, 1);
}

template <class T>
View<T> Given<T>::x_kv(std::int64_t batch) const {
    return once("x_kv", batch, [&] { return all_rows("x_kv", batch); });
}

template <class T>
View<T> Given<T>::weight(std::string_view name) const {
    const Weight& found = found_in(weights_, "weight", name);
    View<T> view = found.numbers.view();
    if (!found.squares.empty()) view.squares = found.squares.data();
    return view;
}

template <class T>
View<T> Given<T>::bias(std::string_view name) const {
    return question_.problem.bias ? weight(name) : View<T>{};
}

template <class T>
Known<T> Given<T>::q(Row row) const {
    if (is_core()) return read(input("q"), row.batch, row.index, 1);
    return projected(x_q(row), weight("wq"), bias("bq"));
}

template <class T>
View<T> Given<T>::k(std::int64_t batch) const {
    const auto transposed = once("k", batch, [&] {
        return by_columns(is_core() ? all_rows("k", batch) : projected(x_kv(batch), weight("wk"), bias("bk")));
    });
    return transposed.transposed();
}

template <class T>
View<T> Given<T>::v(std::int64_t batch) const {
    return once("v", batch,
                [&] { return is_core() ? all_rows("v", batch) : projected(x_kv(batch), weight("wv"), bias("bv")); });
}

template <class T>
Known<T> Given<T>::context(Row row) const {
    return read(input("context"), row.batch, row.index, 1);
}

template <class T>
Known<T> Given<T>::output(Known<T> context) const {
    if (is_core()) return context;
    return projected(context, weight("wo"), bias("bo"));
}

template <class T>
Known<T> Given<T>::scores(Known<T> x) const {
    x.stored = question_.stores_scores;
    return x;
}

template <class T>
const Known<T>* Given<T>::of_batch(std::string_view name, std::int64_t batch) const {
    if (batch != batch_) {
        of_batch_.clear();
        batch_ = batch;
    }
    const auto known = of_batch_.find(name);
    return known != of_batch_.end() ? &known->second : nullptr;
}

template <class T>
View<T> Given<T>::keep(std::string_view name, Known<T> made) const {
    return of_batch_.emplace(std::string(name), std::move(made)).first->second.view();
}

template class Given<double>;
template class Given<Counted>;
template class Given<Dual>;

}  // namespace headcount::judge
