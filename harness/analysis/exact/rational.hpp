// Exact fractions of unbounded integers: nothing is rounded, nothing overflows.
#pragma once

#include <compare>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

namespace headcount {

/// A value in lowest terms; copies share it. Boost.Multiprecision, which computes it, stays behind exact.hpp: reading
/// that library takes a compiler two seconds.
class Rational {
public:
    struct Held;

    Rational();                    ///< 0
    Rational(std::int64_t value);  // NOLINT(google-explicit-constructor): counts are compared with plain numbers
    Rational(std::int64_t numerator, std::int64_t denominator);
    explicit Rational(std::string_view integer);  ///< decimal digits, any number of them
    explicit Rational(Held held);

    const Held& held() const { return *held_; }
    bool is_integer() const;
    Rational numerator() const;
    Rational denominator() const;
    explicit operator double() const;

    Rational operator-() const;
    Rational& operator+=(const Rational& other);
    Rational& operator-=(const Rational& other);
    Rational& operator*=(const Rational& other);
    Rational& operator/=(const Rational& other);  ///< by something other than 0

    friend Rational operator+(Rational a, const Rational& b) { return a += b; }
    friend Rational operator-(Rational a, const Rational& b) { return a -= b; }
    friend Rational operator*(Rational a, const Rational& b) { return a *= b; }
    friend Rational operator/(Rational a, const Rational& b) { return a /= b; }
    friend bool operator==(const Rational& a, const Rational& b);
    friend std::strong_ordering operator<=>(const Rational& a, const Rational& b);

private:
    std::shared_ptr<const Held> held_;
};

/// "7", "-3/4": exact. Long values are shown in full.
std::string to_text(const Rational& value);

/// Decimal text with at most `significant` digits, rounded half away from zero, trailing zeros dropped; integers
/// of any size are written in full.
std::string to_decimal(const Rational& value, int significant = 6);

/// As to_text: what a failing test prints.
std::ostream& operator<<(std::ostream& out, const Rational& value);

}  // namespace headcount
