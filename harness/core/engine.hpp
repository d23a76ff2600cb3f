// An engine: a program of its own that computes attention and is timed beside our variants.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/point.hpp"

namespace headcount {

/// The variant whose backends are engines: what they compute is theirs, only the problem is ours.
inline constexpr std::string_view kExternal = "external";

inline bool is_external(const Point& point) { return point.variant == kExternal; }

/// What an engine's file says of it.
struct Engine {
    std::string summary;               ///< one line for `headcount list engines`
    std::string source;                ///< where it comes from
    std::vector<std::string> command;  ///< program and arguments, run in `folder`
    std::filesystem::path folder;      ///< of its file
    std::string broken{};              ///< why its file cannot be used; empty: it can
};

}  // namespace headcount
