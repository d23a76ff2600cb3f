#include "harness/train/examiner.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "harness/core/error.hpp"
#include "harness/core/storage.hpp"
#include "variants/all.hpp"

namespace headcount {
namespace {

/// One example a batch: a loss is that of an example, and so is a derivative.
Point one_by_one(Point point) {
    point.problem.batch = 1;
    return point;
}

/// f(i, j) over all elements of a matrix.
template <class F>
void each_element(const Tensor& t, F f) {
    for (std::int64_t i = 0; i < t.rows(); ++i) {
        for (std::int64_t j = 0; j < t.cols(); ++j) f(i, j);
    }
}

double number_at(const Tensor& t, std::int64_t i, std::int64_t j) {
    return with_storage(t.dtype, [&](auto storage) { return value_of(*t.at<decltype(storage)>(0, 0, 0, i, j)); });
}

double dot(const Tensor& a, const Tensor& b) {
    double sum = 0;
    each_element(a, [&](std::int64_t i, std::int64_t j) { sum += number_at(a, i, j) * number_at(b, i, j); });
    return sum;
}

void require_same_size(const Tensor& a, const Tensor& b) {
    if (a.extent != b.extent || a.dtype != b.dtype) throw Error("the model to look at has other heads");
}

}  // namespace

std::string why_no_heads(const Point& point) {
    const Variant& variant = find_named(all_variants(), point.variant, "variant");
    const Problem& p = point.problem;
    if (variant.forward == nullptr || variant.weights != nullptr || variant.definition != judge::attention()) {
        return "variant " + point.variant + " is not the sum of heads that have parts of W_Q, W_K, W_V and W_O";
    }
    if (p.num_kv_heads != p.num_heads) return "heads share keys: leave num_kv_heads out";
    if (p.value_head_dim != p.head_dim) return "heads are cut with as many columns of values: leave value_head_dim out";
    return "";
}

Examiner::Examiner(const Point& point, const std::vector<std::int64_t>& heads)
    : point_(one_by_one(point)), backend_(backend_of(point)), net_(make_net(point_, Passes::both, heads)) {
    net_.model->begin(point_.seed, 0);
    with_storage(net_.made.loss.dtype, [&](auto storage) {
        using T = decltype(storage);
        *static_cast<T*>(net_.backward.derivatives.of(net_.made.loss).data) = stored<T>(1);
    });
}

void Examiner::take(const Model& trained) {
    require_same_size(trained.parameters().row(), net_.model->parameters().row());
    backend_->copy("parameters", trained.parameters().row(), net_.model->parameters().row());
}

void Examiner::take_kept(const Model& whole, const KeptHeads& kept) {
    const Parameters& mine = net_.model->parameters();
    for (const std::string& name : mine.names()) {
        const Tensor &from = whole.parameters().at(name), &to = mine.at(name);
        if (from.extent == to.extent) backend_->copy("parameters", from, to);
    }
    for (std::size_t layer = 0; layer < kept.size(); ++layer) {
        cut_heads(whole.attention().at(layer), net_.model->attention().at(layer), kept[layer], point_.problem.head_dim,
                  *backend_);
    }
}

Tensor Examiner::rows_of(std::int64_t layer, std::int64_t head) const {
    const std::int64_t d = point_.problem.head_dim;
    return net_.model->attention().at(static_cast<std::size_t>(layer)).at("wo").row_range(head * d, d);
}

void Examiner::gate(std::int64_t layer, std::int64_t head, double gate) {
    const Tensor rows = rows_of(layer, head);
    with_storage(rows.dtype, [&](auto storage) {
        using T = decltype(storage);
        each_element(rows, [&](std::int64_t i, std::int64_t j) {
            T& number = *rows.at<T>(0, 0, 0, i, j);
            number = stored<T>(gate * value_of(number));
        });
    });
}

void Examiner::forward(const DataSet& examples, std::int64_t index) {
    examples.copy(index, 0, net_.model->keys(), net_.model->queries(), net_.model->targets());
    net_.temporaries.reset();
    net_.model->forward(*backend_, net_.temporaries);
}

double Examiner::loss() const { return number_at(net_.made.loss, 0, 0); }

std::vector<double> Examiner::errors(const DataSet& examples) {
    const double one = loss_of_one(point_, examples);
    std::vector<double> errors;
    for (std::int64_t i = 0; i < examples.size(); ++i) {
        forward(examples, i);
        errors.push_back(loss() / one);
    }
    return errors;
}

HeadNumbers Examiner::importance(const DataSet& examples) {
    const std::int64_t layers = std::ssize(net_.model->attention());
    const double weight = 1 / loss_of_one(point_, examples) / static_cast<double>(examples.size());
    HeadNumbers importance(static_cast<std::size_t>(layers));
    for (std::int64_t layer = 0; layer < layers; ++layer) {
        const Tensor* const wo = net_.model->attention()[static_cast<std::size_t>(layer)].find("wo");
        const std::int64_t heads = wo == nullptr ? 0 : wo->rows() / point_.problem.head_dim;
        importance[static_cast<std::size_t>(layer)].resize(static_cast<std::size_t>(heads));
    }
    for (std::int64_t i = 0; i < examples.size(); ++i) {
        forward(examples, i);
        net_.backward.walk(*backend_, net_.temporaries);
        for (std::int64_t layer = 0; layer < layers; ++layer) {
            std::vector<double>& of_layer = importance[static_cast<std::size_t>(layer)];
            for (std::size_t head = 0; head < of_layer.size(); ++head) {
                // The gate scales the rows of W_O, so its derivative is the rows' share of their own.
                const Tensor rows = rows_of(layer, static_cast<std::int64_t>(head));
                of_layer[head] += weight * std::abs(dot(rows, net_.backward.derivatives.of(rows)));
            }
        }
    }
    return importance;
}

}  // namespace headcount
