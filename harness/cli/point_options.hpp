// Flags for the fields of a point, one for each entry of point_fields().
#pragma once

#include <map>
#include <string>

#include <CLI/CLI.hpp>

#include "harness/core/point.hpp"

namespace headcount {

/// Declares --variant, --seq-len, --causal ... on a command and collects what was given.
class PointOptions {
public:
    void declare(CLI::App& app);
    /// What was given over `base`. Throws UsageError.
    PointSpec over(PointSpec base) const;

private:
    std::map<std::string, std::string> text_;
    std::map<std::string, bool> flag_;
};

}  // namespace headcount
