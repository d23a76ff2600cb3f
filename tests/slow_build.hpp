// Whether sanitizers watch this build. Such a build looks at memory: it has to run the same code, not as often, and
// leaves numbers to the others.
#pragma once

namespace headcount::testing {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSlowBuild = true;
#elif defined(__has_feature)
inline constexpr bool kSlowBuild = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
inline constexpr bool kSlowBuild = false;
#endif

/// Of cases that come one after the other: every one, or with sanitizers the first of so many.
class Thinned {
public:
    explicit Thinned(int of_so_many) : every_(kSlowBuild ? of_so_many : 1) {}
    bool takes_next() { return next_++ % every_ == 0; }

private:
    int every_, next_ = 0;
};

}  // namespace headcount::testing
