// A question whose numbers stand in the test.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include "harness/judge/definition.hpp"

namespace headcount::testing {

/// Numbers are float64 whatever the problem's dtype is, which decides the bounds.
class Asked {
public:
    explicit Asked(const Problem& problem) { question.problem = problem; }

    Asked& input(const std::string& name, std::vector<double> values) {
        const Problem& p = question.problem;
        const std::int64_t rows = name == "q" || name == "x_q" ? p.q_len : p.kv_len;
        question.inputs[name] = keep(std::move(values), p.batch, rows);
        return *this;
    }
    /// Matrices have embed_dim or context_width() rows, names that begin with b one.
    Asked& weight(const std::string& name, std::vector<double> values) {
        const Problem& p = question.problem;
        const std::int64_t rows = name.front() == 'b' ? 1 : name == "wo" ? p.context_width() : p.embed_dim;
        question.weights[name] = keep(std::move(values), 1, rows);
        return *this;
    }

    std::vector<double> out(const judge::Definition& definition, std::int64_t row) const {
        return definition.answer(question, {{.batch = 0, .index = row}}).out;
    }
    std::vector<double> bound(const judge::Definition& definition, std::int64_t row) const {
        return definition.answer(question, {{.batch = 0, .index = row}}).bound;
    }

    judge::Question question;

private:
    Tensor keep(std::vector<double> values, std::int64_t batch, std::int64_t rows) {
        std::vector<double>& kept = numbers_.emplace_back(std::move(values));
        const std::int64_t cols = static_cast<std::int64_t>(kept.size()) / (batch * rows);
        return dense(kept.data(), DType::f64, {batch, 1, 1, rows, cols});
    }

    std::list<std::vector<double>> numbers_;
};

}  // namespace headcount::testing
