// Exact arithmetic on counts: small expressions over named values, evaluated as rationals.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/analysis/exact/rational.hpp"

namespace headcount {

using Values = std::map<std::string, Rational, std::less<>>;

/// Evaluates exactly.
///
///     expression = term {("+" | "-") term}
///     term       = factor {("*" | "/") factor}
///     factor     = ("-" | "+") factor | power
///     power      = primary ["^" factor]              right-associative; -2^2 = -4; the exponent is an integer
///     primary    = number | name | function "(" expression {"," expression} ")" | "(" expression ")"
///
/// Numbers are decimal and exact ("0.02" is 1/50, "1e-3" is 1/1000). A name starts with a letter or '_' and
/// goes on with letters, digits, '_' and '.'. Functions: min and max (one or more arguments), ceil, floor,
/// round (half away from zero), abs, log2 (of a power of two only, for it must stay exact). Length, nesting,
/// exponents and the size of every intermediate value are bounded.
///
/// Throws UsageError that names the column and, for an unknown name, the known ones.
Rational evaluate(std::string_view expression, const Values& names);

/// Checks the syntax and returns the names an expression reads, sorted, each once. Throws UsageError.
std::vector<std::string> names_in(std::string_view expression);

}  // namespace headcount
