// Polynomials in named variables with rational coefficients: through exact values, and as text.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/analysis/exact/rational.hpp"

namespace headcount {

struct Polynomial {
    using Exponents = std::vector<int>;  ///< one for each name

    std::vector<std::string> names;
    std::map<Exponents, Rational> terms;  ///< no coefficient is 0

    /// The value where each name has the number at its place.
    Rational at(const std::vector<Rational>& point) const;
};

/// The smallest degree of a polynomial in one variable through values at equally spaced places: three or more
/// differences of that order are there and the same. -1 where none is so: the values follow no polynomial of a degree
/// that so many can show.
int degree_of(std::vector<Rational> values);

/// The polynomial of at most nodes[i].size() - 1 in variable i through a value at each place of the grid, the last
/// variable's nodes running fastest. Nodes of one variable differ from each other.
Polynomial through_grid(std::vector<std::string> names, const std::vector<std::vector<Rational>>& nodes,
                        std::vector<Rational> values);

/// "1/2 * batch * seq_len * (seq_len + 1)", which evaluate() reads: what all terms share stands in front. "0" for none.
std::string to_text(const Polynomial& polynomial);

}  // namespace headcount
