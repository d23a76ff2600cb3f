#include "harness/analysis/exact/rational.hpp"

#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <ostream>

#include "harness/analysis/exact/exact.hpp"

namespace headcount {
namespace {

std::shared_ptr<const Rational::Held> hold(Exact value) {
    return std::make_shared<const Rational::Held>(Rational::Held{std::move(value)});
}

}  // namespace

Rational::Rational() : Rational(0) {}
Rational::Rational(std::int64_t value) : held_(hold(value)) {}
Rational::Rational(std::int64_t numerator, std::int64_t denominator) : held_(hold(Exact(numerator, denominator))) {}
Rational::Rational(std::string_view integer) : held_(hold(Exact(Integer(std::string(integer))))) {}
Rational::Rational(Held held) : held_(hold(std::move(held.value))) {}

bool Rational::is_integer() const { return boost::multiprecision::denominator(held_->value) == 1; }
Rational Rational::numerator() const { return as_rational(boost::multiprecision::numerator(held_->value)); }
Rational Rational::denominator() const { return as_rational(boost::multiprecision::denominator(held_->value)); }
Rational::operator double() const { return static_cast<double>(held_->value); }

Rational Rational::operator-() const { return as_rational(-held_->value); }

Rational& Rational::operator+=(const Rational& other) {
    held_ = hold(held_->value + other.held_->value);
    return *this;
}

Rational& Rational::operator-=(const Rational& other) {
    held_ = hold(held_->value - other.held_->value);
    return *this;
}

Rational& Rational::operator*=(const Rational& other) {
    held_ = hold(held_->value * other.held_->value);
    return *this;
}

Rational& Rational::operator/=(const Rational& other) {
    held_ = hold(held_->value / other.held_->value);
    return *this;
}

bool operator==(const Rational& a, const Rational& b) { return a.held_->value == b.held_->value; }

std::strong_ordering operator<=>(const Rational& a, const Rational& b) {
    return a.held_->value.compare(b.held_->value) <=> 0;
}

Integer floor_of(const Exact& value) {
    Integer quotient, remainder;
    divide_qr(numerator(value), denominator(value), quotient, remainder);
    return remainder < 0 ? Integer(quotient - 1) : quotient;  // division truncates; denominators are positive
}

Integer round_of(const Exact& value) {
    const Exact half(1, 2);
    return value < 0 ? Integer(-floor_of(-value + half)) : floor_of(value + half);
}

std::string text_of(const Exact& value) {
    const std::string text = numerator(value).str();
    return denominator(value) == 1 ? text : text + "/" + denominator(value).str();
}

std::string to_text(const Rational& value) { return text_of(value.held().value); }

std::string to_decimal(const Rational& rational, int significant) {
    const Exact& value = rational.held().value;
    if (denominator(value) == 1) return numerator(value).str();
    const Exact size = value < 0 ? Exact(-value) : value;
    // The decimal exponent of the leading digit: 10^lead <= size < 10^(lead + 1). Bits give it but for one or two
    // steps; counting up from 0 in rationals takes a minute for the largest values.
    const Integer up = numerator(size);
    const Integer down = denominator(size);
    const auto reaches = [&](int exponent) {
        const Integer power = pow(Integer(10), static_cast<unsigned>(std::abs(exponent)));
        return exponent >= 0 ? power * down <= up : down <= up * power;
    };
    constexpr double kDecimalsPerBit = 0.30102999566;
    const int more_bits = static_cast<int>(bits(up)) - static_cast<int>(bits(down));
    int lead = static_cast<int>(std::floor((more_bits - 1) * kDecimalsPerBit)) - 1;
    while (reaches(lead + 1)) ++lead;
    const int places = std::max(significant - 1 - lead, 0);
    const Integer scaled = round_of(size * Exact(pow(Integer(10), static_cast<unsigned>(places))));
    std::string digits = scaled.str();
    if (places > 0) {
        const auto width = static_cast<std::size_t>(places);
        if (digits.size() <= width) digits.insert(0, width + 1 - digits.size(), '0');
        digits.insert(digits.size() - width, ".");
        digits.erase(digits.find_last_not_of('0') + 1);
        if (digits.back() == '.') digits.pop_back();
    }
    return value < 0 ? "-" + digits : digits;
}

std::ostream& operator<<(std::ostream& out, const Rational& value) { return out << to_text(value); }

}  // namespace headcount
