// What a definition reads: inputs and weights as numbers of its scalar, and the usual projections of them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/core/counted.hpp"
#include "harness/core/dual.hpp"
#include "harness/core/options.hpp"
#include "harness/judge/definition.hpp"
#include "harness/judge/known.hpp"

namespace headcount::judge {

/// All of it is exact: a check judges the computation, not the numbers it started from. Views live as long as Given,
/// those of a batch entry until another entry is asked for.
template <class T>
class Given {
public:
    explicit Given(const Question& question);

    const Problem& problem() const { return question_.problem; }
    /// The variant's own options, as its forward reads them.
    template <class Own>
    Own own(const Options<Own>& options) const {
        return options.read(question_.own);
    }
    /// 1 / sqrt(head_dim)
    double scale() const;
    Known<T> x_q(Row row) const;             ///< layer scope [1, embed_dim]
    View<T> x_kv(std::int64_t batch) const;  ///< layer scope [kv_len, embed_dim]
    View<T> weight(std::string_view name) const;
    View<T> bias(std::string_view name) const;  ///< [1, width]; no rows when the problem has none

    /// x_q W_Q + b_Q, x_kv W_K + b_K, x_kv W_V + b_V for all heads side by side; in core scope what is given instead.
    Known<T> q(Row row) const;            ///< [1, num_heads * head_dim]
    View<T> k(std::int64_t batch) const;  ///< [kv_len, num_kv_heads * head_dim]
    View<T> v(std::int64_t batch) const;  ///< [kv_len, num_kv_heads * value_head_dim]
    Known<T> context(Row row) const;      ///< projections scope [1, num_heads * value_head_dim]
    /// context W_O + b_O; in core scope the context.
    Known<T> output(Known<T> context) const;
    /// Scores that the variant holds in a tensor are rounded as such.
    Known<T> scores(Known<T> x) const;

    /// make() [a Known<T>], computed once for all rows of a batch entry.
    template <class Make>
    View<T> once(std::string_view name, std::int64_t batch, const Make& make) const {
        const Known<T>* const known = of_batch(name, batch);
        return known != nullptr ? known->view() : keep(name, make());
    }

private:
    struct Weight {
        Known<T> numbers;
        std::vector<double> squares;
    };

    /// What is computed already for this batch entry, which becomes the one that is kept; null: nothing.
    const Known<T>* of_batch(std::string_view name, std::int64_t batch) const;
    View<T> keep(std::string_view name, Known<T> made) const;
    bool is_core() const { return question_.problem.scope == Scope::core; }
    Known<T> read(const Tensor& tensor, std::int64_t batch, std::int64_t first, std::int64_t rows) const;
    Known<T> all_rows(std::string_view name, std::int64_t batch) const;
    const Tensor& input(std::string_view name) const;

    const Question& question_;
    Rounding rounding_;
    std::map<std::string, Weight, std::less<>> weights_;
    // What has been computed already is no change of what was given.
    mutable std::int64_t batch_ = -1;
    mutable std::map<std::string, Known<T>, std::less<>> of_batch_;
};
extern template class Given<double>;
extern template class Given<Counted>;
extern template class Given<Dual>;

}  // namespace headcount::judge
