#include "harness/pretrained/diversity.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "harness/backend/tape.hpp"
#include "harness/backend/verbs/matmul.hpp"
#include "harness/backend/verbs/softmax_rows.hpp"
#include "harness/core/error.hpp"

namespace headcount {
namespace {

/// What heads of one layer did with one text: windows [1, kv_heads, group, len, ...] of the last pass.
struct Seen {
    std::vector<Tensor> weights;  ///< a head each, [1, 1, 1, len, len]
    std::vector<Tensor> outputs;  ///< likewise, [1, 1, 1, len, head_dim]
};

void add_heads(const Tensor& t, std::vector<Tensor>& heads) {
    for (std::int64_t n = 0; n < t.kv_heads(); ++n) {
        for (std::int64_t g = 0; g < t.group(); ++g) heads.push_back(t.matrix(0, n, g));
    }
}

Seen seen_on(const Tape& tape, std::size_t heads) {
    Seen seen;
    tape.each<SoftmaxRows>([&](const std::string&, const SoftmaxRows& verb) { add_heads(verb.scores, seen.weights); });
    tape.each<Matmul>([&](const std::string& role, const Matmul& verb) {
        if (role == "context") add_heads(verb.c, seen.outputs);
    });
    if (seen.weights.size() != heads || seen.outputs.size() != heads) {
        throw UsageError(
            "this variant does not keep the weights of its attention, so nothing can be said of them; take multi_head");
    }
    return seen;
}

double at(const Tensor& t, std::int64_t i, std::int64_t j) { return static_cast<double>(*t.at<float>(0, 0, 0, i, j)); }

double entropy_term(double p) { return p > 0 ? -p * std::log2(p) : 0; }

/// Sums over the texts of one layer.
class LayerSums {
public:
    LayerSums(std::size_t heads, std::size_t head_dim)
        : heads_(heads),
          head_dim_(head_dim),
          gazes_(heads),
          js_(heads * heads),
          sums_(heads * head_dim),
          products_(heads * head_dim * heads * head_dim) {}

    void add(const Seen& seen) {
        const std::int64_t len = seen.weights.front().rows();
        for (std::size_t h = 0; h < heads_; ++h) add_gaze(seen.weights[h], gazes_[h]);
        for (std::size_t a = 0; a < heads_; ++a) {
            for (std::size_t b = 0; b < a; ++b) {
                double sum = 0;
                for (std::int64_t i = 0; i < len; ++i) {
                    for (std::int64_t j = 0; j < len; ++j) {
                        const double p = at(seen.weights[a], i, j), q = at(seen.weights[b], i, j);
                        sum += entropy_term((p + q) / 2) - (entropy_term(p) + entropy_term(q)) / 2;
                    }
                }
                js_[a * heads_ + b] += sum / static_cast<double>(len);
            }
        }
        add_outputs(seen);
        ++texts_;
    }

    LayerDiversity result() const {
        LayerDiversity result{.heads = gazes_, .js_divergence = js_, .cka = cka(), .subspace = {}};
        const auto texts = static_cast<double>(texts_);
        for (HeadGaze& gaze : result.heads) {
            for (double* share :
                 {&gaze.entropy, &gaze.to_self, &gaze.to_previous, &gaze.to_next, &gaze.to_first, &gaze.to_last}) {
                *share /= texts;
            }
        }
        for (std::size_t a = 0; a < heads_; ++a) {
            for (std::size_t b = 0; b < a; ++b) {
                // Rounding may carry two equal rows below 0.
                const double mean = std::max(0.0, js_[a * heads_ + b] / texts);
                result.js_divergence[a * heads_ + b] = result.js_divergence[b * heads_ + a] = mean;
            }
        }
        return result;
    }

private:
    static void add_gaze(const Tensor& weights, HeadGaze& gaze) {
        const std::int64_t len = weights.rows();
        const double rows = static_cast<double>(len), most = len > 1 ? std::log2(rows) : 1;
        for (std::int64_t i = 0; i < len; ++i) {
            double entropy = 0;
            for (std::int64_t j = 0; j < len; ++j) entropy += entropy_term(at(weights, i, j));
            gaze.entropy += entropy / most / rows;
            gaze.to_self += at(weights, i, i) / rows;
            if (i > 0) gaze.to_previous += at(weights, i, i - 1) / rows;
            if (i + 1 < len) gaze.to_next += at(weights, i, i + 1) / rows;
            gaze.to_first += at(weights, i, 0) / rows;
            gaze.to_last += at(weights, i, len - 1) / rows;
        }
    }
    void add_outputs(const Seen& seen) {
        const std::size_t width = heads_ * head_dim_;
        std::vector<double> row(width);
        for (std::int64_t i = 0; i < seen.outputs.front().rows(); ++i) {
            for (std::size_t j = 0; j < width; ++j) {
                row[j] = at(seen.outputs[j / head_dim_], i, static_cast<std::int64_t>(j % head_dim_));
                sums_[j] += row[j];
            }
            for (std::size_t j = 0; j < width; ++j) {
                for (std::size_t k = 0; k <= j; ++k) products_[j * width + k] += row[j] * row[k];
            }
            ++rows_;
        }
    }
    /// Of head outputs X, Y with centred columns: |X^T Y|^2 / (|X^T X| |Y^T Y|), Frobenius norms (Kornblith et al.
    /// 2019).
    std::vector<double> cka() const {
        const std::size_t width = heads_ * head_dim_;
        std::vector<double> alignment(heads_ * heads_);
        for (std::size_t j = 0; j < width; ++j) {
            for (std::size_t k = 0; k < width; ++k) {
                const double product = products_[std::max(j, k) * width + std::min(j, k)];
                const double centred = product - sums_[j] * sums_[k] / static_cast<double>(rows_);
                alignment[j / head_dim_ * heads_ + k / head_dim_] += centred * centred;
            }
        }
        std::vector<double> result(heads_ * heads_);
        for (std::size_t a = 0; a < heads_; ++a) {
            for (std::size_t b = 0; b < heads_; ++b) {
                const double both = std::sqrt(alignment[a * heads_ + a] * alignment[b * heads_ + b]);
                result[a * heads_ + b] = both > 0 ? alignment[a * heads_ + b] / both : 0;
            }
        }
        return result;
    }

    std::size_t heads_, head_dim_, texts_ = 0, rows_ = 0;
    std::vector<HeadGaze> gazes_;
    std::vector<double> js_, sums_, products_;
};

/// An orthonormal basis of the rows of one head's W_O, by Gram and Schmidt, twice for the sake of rounding.
std::vector<std::vector<double>> basis_of(const Tensor& rows) {
    std::vector<std::vector<double>> basis;
    for (std::int64_t i = 0; i < rows.rows(); ++i) {
        std::vector<double> v(static_cast<std::size_t>(rows.cols()));
        for (std::size_t j = 0; j < v.size(); ++j) v[j] = at(rows, i, static_cast<std::int64_t>(j));
        const auto dot = [&](const std::vector<double>& u) {
            double sum = 0;
            for (std::size_t j = 0; j < v.size(); ++j) sum += u[j] * v[j];
            return sum;
        };
        for (int again = 0; again < 2; ++again) {
            for (const std::vector<double>& u : basis) {
                const double along = dot(u);
                for (std::size_t j = 0; j < v.size(); ++j) v[j] -= along * u[j];
            }
        }
        const double length = std::sqrt(dot(v));
        for (double& x : v) x = length > 0 ? x / length : 0;
        basis.push_back(std::move(v));
    }
    return basis;
}

std::vector<double> subspaces_of(const Tensor& wo, std::size_t heads) {
    std::vector<std::vector<std::vector<double>>> bases;
    const std::int64_t d = wo.rows() / static_cast<std::int64_t>(heads);
    for (std::size_t h = 0; h < heads; ++h) {
        bases.push_back(basis_of(wo.row_range(static_cast<std::int64_t>(h) * d, d)));
    }
    std::vector<double> result(heads * heads);
    for (std::size_t a = 0; a < heads; ++a) {
        for (std::size_t b = 0; b < heads; ++b) {
            double sum = 0;
            for (const std::vector<double>& u : bases[a]) {
                for (const std::vector<double>& v : bases[b]) {
                    double dot = 0;
                    for (std::size_t j = 0; j < u.size(); ++j) dot += u[j] * v[j];
                    sum += dot * dot;
                }
            }
            result[a * heads + b] = sum / static_cast<double>(d);
        }
    }
    return result;
}

}  // namespace

HeadDiversityRecord diversity_of(EncoderRunner& runner, const std::vector<const TokenIds*>& texts) {
    const EncoderShape& shape = runner.encoder().shape();
    const auto heads = static_cast<std::size_t>(shape.num_heads);
    std::vector<LayerSums> sums;
    for (std::int64_t layer = 0; layer < shape.layers; ++layer) {
        sums.emplace_back(heads, static_cast<std::size_t>(shape.head_dim(layer)));
    }
    for (const TokenIds* text : texts) {
        const auto len = static_cast<std::int64_t>(text->size());
        Workspace memory = Workspace::reserve(len * shape.embed_dim * std::int64_t{sizeof(float)});
        const Tensor x = memory.take("rows", DType::f32, {1, 1, 1, len, shape.embed_dim});
        runner.embed(std::vector{text}, x);
        for (std::int64_t layer = 0; layer < shape.layers; ++layer) {
            Tape tape;
            runner.run_layer(layer, x, &tape);
            sums[static_cast<std::size_t>(layer)].add(seen_on(tape, heads));
        }
    }
    HeadDiversityRecord record{.model = "", .fold = 0, .texts = static_cast<std::int64_t>(texts.size()), .layers = {}};
    for (std::int64_t layer = 0; layer < shape.layers; ++layer) {
        record.layers.push_back(sums[static_cast<std::size_t>(layer)].result());
        record.layers.back().subspace = subspaces_of(runner.encoder().layer(layer).attention.at("wo"), heads);
    }
    return record;
}

}  // namespace headcount
