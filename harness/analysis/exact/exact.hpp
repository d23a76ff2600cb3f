// What a Rational holds. Only the sources of this folder include it, for Boost is slow to compile.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include <boost/multiprecision/cpp_int.hpp>

#include "harness/analysis/exact/rational.hpp"

namespace headcount {

using Integer = boost::multiprecision::cpp_int;
using Exact = boost::multiprecision::cpp_rational;

struct Rational::Held {
    Exact value;
};

inline Rational as_rational(Exact value) { return Rational(Rational::Held{std::move(value)}); }

inline unsigned bits(const Integer& value) { return value == 0 ? 0 : boost::multiprecision::msb(abs(value)) + 1; }
inline unsigned bits(const Exact& value) { return std::max(bits(numerator(value)), bits(denominator(value))); }

Integer floor_of(const Exact& value);
Integer round_of(const Exact& value);  ///< half away from zero
std::string text_of(const Exact& value);

}  // namespace headcount
