#include "harness/analysis/exact/expression.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdlib>
#include <set>

#include <fmt/format.h>

#include "harness/analysis/exact/exact.hpp"
#include "harness/core/error.hpp"
#include "harness/core/names.hpp"

namespace headcount {
namespace {

constexpr std::size_t kLongestExpression = 4096;  // a page of formula; more is not an expression a reader checks
constexpr int kDeepestNesting = 100;              // far below what the stack holds under a sanitizer
constexpr unsigned kLargestValueBits = 16384;     // keeps 2^(2^(2^...)) from eating the machine
constexpr int kLargestDecimalExponent = 400;      // beyond the range of a double nobody means it

constexpr std::array kFunctions{"abs", "ceil", "floor", "log2", "max", "min", "round"};

bool is_name_start(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_part(char c) { return is_name_start(c) || is_digit(c) || c == '.'; }

/// Reads left to right, evaluating as it goes. Without values it only checks the syntax and collects names.
class Parser {
public:
    Parser(std::string_view text, const Values* values) : text_(text), values_(values) {}

    Exact run() {
        if (text_.size() > kLongestExpression) {
            throw UsageError(fmt::format("expression of {} characters is too long; the limit is {}", text_.size(),
                                         kLongestExpression));
        }
        Exact value = expression();
        if (!at_end()) fail("expected an operator or the end, found '{}'", text_[at_]);
        return value;
    }

    std::set<std::string> names;

private:
    template <class... Args>
    [[noreturn]] void fail_at(std::size_t column, fmt::format_string<Args...> format, Args&&... args) const {
        throw UsageError(
            fmt::format("in '{}', column {}: {}", text_, column + 1, fmt::format(format, std::forward<Args>(args)...)));
    }
    template <class... Args>
    [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
        fail_at(at_, format, std::forward<Args>(args)...);
    }

    bool at_end() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
        return at_ == text_.size();
    }
    bool take(char c) {
        if (at_end() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    Exact bounded(Exact value, std::size_t column) const {
        if (bits(value) > kLargestValueBits) {
            fail_at(column, "the value has more than {} bits; write a smaller computation", kLargestValueBits);
        }
        return value;
    }

    Exact expression() {
        Exact value = term();
        for (;;) {
            at_end();
            const std::size_t column = at_;
            if (take('+'))
                value = bounded(value + term(), column);
            else if (take('-'))
                value = bounded(value - term(), column);
            else
                return value;
        }
    }

    Exact term() {
        Exact value = factor();
        for (;;) {
            at_end();
            const std::size_t column = at_;
            if (take('*')) {
                value = bounded(value * factor(), column);
            } else if (take('/')) {
                const Exact divisor = factor();
                if (values_ == nullptr) continue;
                if (divisor == 0) fail_at(column, "division by zero");
                value = bounded(value / divisor, column);
            } else {
                return value;
            }
        }
    }

    Exact factor() {
        // Every recursion of the grammar passes here, so this is the only place that bounds it.
        if (++depth_ > kDeepestNesting) fail("nested more than {} deep", kDeepestNesting);
        Exact value;
        if (take('-'))
            value = -factor();
        else if (take('+'))
            value = factor();
        else
            value = power();
        --depth_;
        return value;
    }

    Exact power() {
        Exact base = primary();
        at_end();
        const std::size_t column = at_;
        if (!take('^')) return base;
        const Exact exponent = factor();
        if (values_ == nullptr) return base;
        if (denominator(exponent) != 1) fail_at(column, "exponent {} is not an integer", text_of(exponent));
        if (base == 0 && exponent < 0) fail_at(column, "division by zero (0 to a negative power)");
        const Integer size = abs(numerator(exponent));
        // 1^n and (-1)^n never grow, every other base does.
        if (bits(base) > 1 && size * (bits(base) - 1) > kLargestValueBits) {
            fail_at(column, "the value has more than {} bits; write a smaller exponent", kLargestValueBits);
        }
        if (bits(base) <= 1) return base < 0 && size % 2 == 0 ? Exact(-base) : size == 0 ? Exact(1) : base;
        const auto n = size.convert_to<unsigned>();
        const Integer up = pow(numerator(base), n);
        const Integer down = pow(denominator(base), n);
        return bounded(exponent < 0 ? Exact(down) / Exact(up) : Exact(up, down), column);
    }

    Exact primary() {
        if (at_end()) fail("expected a number, a name or '(', found the end");
        const char c = text_[at_];
        if (take('(')) return closed(expression());
        if (is_digit(c) || c == '.') return number();
        if (is_name_start(c)) return name_or_call();
        fail("expected a number, a name or '(', found '{}'", c);
    }

    Exact closed(Exact value) {
        if (!take(')')) fail("expected ')'");
        return value;
    }

    Exact number() {
        const std::size_t column = at_;
        Integer digits = 0;
        int scale = 0;
        bool any = false;
        auto read = [&](int step) {
            for (; at_ < text_.size() && is_digit(text_[at_]); ++at_) {
                digits = digits * 10 + (text_[at_] - '0');
                scale += step;
                any = true;
            }
        };
        read(0);
        if (at_ < text_.size() && text_[at_] == '.') {
            ++at_;
            read(1);
        }
        if (!any) fail_at(column, "expected a digit");
        int exponent = 0;
        if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
            ++at_;
            const bool negative = at_ < text_.size() && text_[at_] == '-';
            if (at_ < text_.size() && (text_[at_] == '-' || text_[at_] == '+')) ++at_;
            const std::size_t first = at_;
            for (; at_ < text_.size() && is_digit(text_[at_]); ++at_) {
                exponent = std::min(exponent * 10 + (text_[at_] - '0'), kLargestDecimalExponent + 1);
            }
            if (at_ == first) fail_at(column, "expected the digits of an exponent after 'e'");
            if (exponent > kLargestDecimalExponent) {
                fail_at(column, "decimal exponent beyond {}", kLargestDecimalExponent);
            }
            if (negative) exponent = -exponent;
        }
        if (at_ < text_.size() && is_name_part(text_[at_])) fail("expected an operator after the number");
        const int shift = exponent - scale;
        const Integer factor = pow(Integer(10), static_cast<unsigned>(std::abs(shift)));
        return bounded(shift < 0 ? Exact(digits, factor) : Exact(digits * factor), column);
    }

    Exact name_or_call() {
        const std::size_t column = at_;
        while (at_ < text_.size() && is_name_part(text_[at_])) ++at_;
        const std::string_view name = text_.substr(column, at_ - column);
        if (take('(')) return call(name, column);
        names.emplace(name);
        if (values_ == nullptr) return 1;
        const auto found = values_->find(name);
        if (found != values_->end()) return found->second.held().value;
        std::vector<std::string> known;
        for (const auto& [key, value] : *values_) known.push_back(key);
        fail_at(column, "{}", unknown_name("name", name, std::move(known)));
    }

    Exact call(std::string_view function, std::size_t column) {
        if (std::find(kFunctions.begin(), kFunctions.end(), function) == kFunctions.end()) {
            fail_at(column, "{}", unknown_name("function", function, {kFunctions.begin(), kFunctions.end()}));
        }
        std::vector<Exact> arguments{expression()};
        while (take(',')) arguments.push_back(expression());
        closed(0);
        if (function == "min") return *std::min_element(arguments.begin(), arguments.end());
        if (function == "max") return *std::max_element(arguments.begin(), arguments.end());
        if (arguments.size() != 1) fail_at(column, "{} takes one argument, not {}", function, arguments.size());
        const Exact& x = arguments.front();
        if (function == "abs") return x < 0 ? Exact(-x) : x;
        if (function == "floor") return floor_of(x);
        if (function == "ceil") return -floor_of(-x);
        if (function == "round") return round_of(x);
        return log2_of(x, column);
    }

    Exact log2_of(const Exact& x, std::size_t column) const {
        if (values_ == nullptr) return 1;
        const bool inverse = x < 1;
        const Exact y = inverse && x > 0 ? Exact(1 / x) : x;
        if (y <= 0 || denominator(y) != 1 || (Integer(1) << (bits(numerator(y)) - 1)) != numerator(y)) {
            fail_at(column, "log2 is exact for powers of two only, and {} is none", text_of(x));
        }
        const Integer exponent = bits(numerator(y)) - 1;
        return inverse ? Exact(-exponent) : Exact(exponent);
    }

    std::string_view text_;
    const Values* values_;
    std::size_t at_ = 0;
    int depth_ = 0;
};

}  // namespace

Rational evaluate(std::string_view expression, const Values& names) {
    return as_rational(Parser(expression, &names).run());
}

std::vector<std::string> names_in(std::string_view expression) {
    Parser parser(expression, nullptr);
    parser.run();
    return {parser.names.begin(), parser.names.end()};
}

}  // namespace headcount
