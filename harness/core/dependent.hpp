// A number that knows no value: only which of several places it depends on, and through how many steps.
#pragma once

#include <cstdint>
#include <limits>
#include <tuple>
#include <vector>

namespace headcount {

/// What a number depends on. A step is whatever the caller calls one (after()).
struct Dependence {
    static constexpr std::int32_t kNever = std::numeric_limits<std::int32_t>::max();
    std::int32_t longest = 0;          ///< steps on the longest way from anything that is given
    std::vector<std::int32_t> fewest;  ///< of each place, on the shortest way from it; kNever: it does not depend on it

    friend bool operator==(const Dependence&, const Dependence&) = default;
    friend bool operator<(const Dependence& a, const Dependence& b) {
        return std::tie(a.longest, a.fewest) < std::tie(b.longest, b.fewest);
    }
};

/// The scalar that naive kernels run on to find it: a result depends on all that it is made of, but for an exact zero,
/// which makes every product an exact zero and no sum another. It lies where an f64 would.
class Dependent {
public:
    Dependent() = default;  ///< an exact zero
    /// A number that depends on nothing.
    explicit Dependent(double value) : id_(value == 0 ? kZero : kConstant) {}
    /// Place `place` of `places`, no step behind it. All numbers of one thread have equally many places, until
    /// forget_all().
    static Dependent at(std::int64_t place, std::int64_t places);
    /// From now on numbers made before mean nothing on this thread.
    static void forget_all();

    /// The same one step later.
    Dependent after() const;
    const Dependence& what() const;

    friend Dependent operator*(Dependent a, Dependent b) {
        return a.is_zero() || b.is_zero() ? Dependent() : both(a, b);
    }
    friend Dependent operator/(Dependent a, Dependent b) { return a.is_zero() ? Dependent() : both(a, b); }
    friend Dependent operator+(Dependent a, Dependent b) { return a.is_zero() ? b : (b.is_zero() ? a : both(a, b)); }
    friend Dependent operator-(Dependent a, Dependent b) { return a + b; }
    /// Of two ways that depend on numbers, kernels take one whose result depends on what is compared: that where it is
    /// the larger (a maximum, relu).
    friend bool operator<(Dependent, Dependent) { return true; }
    friend Dependent sqrt(Dependent a) { return a; }
    friend Dependent erf(Dependent a) { return a; }
    friend Dependent tanh(Dependent a) { return a; }
    friend Dependent exp(Dependent a) { return a.is_zero() ? Dependent(1) : a; }
    friend Dependent log(Dependent a) { return a; }

private:
    static constexpr std::uint64_t kZero = 0, kConstant = 1;

    bool is_zero() const { return id_ == kZero; }
    static Dependent both(Dependent a, Dependent b);

    std::uint64_t id_ = kZero;
};
static_assert(sizeof(Dependent) == sizeof(double));

/// Throws Error: there is none, and nothing may be looked up by it.
double value_of(Dependent number);

}  // namespace headcount
