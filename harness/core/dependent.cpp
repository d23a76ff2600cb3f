#include "harness/core/dependent.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "harness/core/error.hpp"

namespace headcount {
namespace {

/// Every dependence that was met, once each; a number is its place here.
struct Met {
    std::vector<const Dependence*> all;  ///< into `known`, whose nodes stay where they are
    std::map<Dependence, std::uint64_t> known;
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> merged;
    std::unordered_map<std::uint64_t, std::uint64_t> later;

    Met() {
        add({.longest = -2, .fewest = {}});  // the zero, which is none of them
        add({});
    }
    std::uint64_t add(Dependence dependence) {
        const auto [at, is_new] = known.emplace(std::move(dependence), all.size());
        if (is_new) all.push_back(&at->first);
        return at->second;
    }
};

Met& met() {
    thread_local Met on_this_thread;
    return on_this_thread;
}

/// A constant has no places.
std::vector<std::int32_t> nearer(const std::vector<std::int32_t>& a, const std::vector<std::int32_t>& b) {
    if (a.empty()) return b;
    std::vector<std::int32_t> fewest = a;
    for (std::size_t i = 0; i < b.size(); ++i) fewest[i] = std::min(a[i], b[i]);
    return fewest;
}

}  // namespace

Dependent Dependent::at(std::int64_t place, std::int64_t places) {
    Dependence dependence{.longest = 0,
                          .fewest = std::vector<std::int32_t>(static_cast<std::size_t>(places), Dependence::kNever)};
    dependence.fewest.at(static_cast<std::size_t>(place)) = 0;
    Dependent number;
    number.id_ = met().add(std::move(dependence));
    return number;
}

void Dependent::forget_all() { met() = Met(); }

const Dependence& Dependent::what() const {
    const std::uint64_t constant = is_zero() ? kConstant : id_;
    return *met().all.at(constant);
}

Dependent Dependent::after() const {
    if (is_zero()) return *this;
    Met& known = met();
    const auto [at, is_new] = known.later.emplace(id_, 0);
    if (is_new) {
        Dependence next = what();
        ++next.longest;
        for (std::int32_t& steps : next.fewest) steps += steps == Dependence::kNever ? 0 : 1;
        at->second = known.add(std::move(next));
    }
    Dependent number;
    number.id_ = at->second;
    return number;
}

Dependent Dependent::both(Dependent a, Dependent b) {
    if (a.id_ == b.id_) return a;
    Met& known = met();
    const auto [at, is_new] = known.merged.emplace(std::minmax(a.id_, b.id_), 0);
    if (is_new) {
        at->second = known.add({.longest = std::max(a.what().longest, b.what().longest),
                                .fewest = nearer(a.what().fewest, b.what().fewest)});
    }
    Dependent number;
    number.id_ = at->second;
    return number;
}

double value_of(Dependent /*number*/) {
    throw Error("a verb looks something up by a number of which only its dependencies are known");
}

}  // namespace headcount
