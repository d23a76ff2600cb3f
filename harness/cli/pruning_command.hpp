// The part of `headcount heads` that trains a model itself.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "harness/pruning/pruning.hpp"

namespace headcount {

/// Whether what a user names is a point with a task.
bool names_trained_point(const std::string& text);

/// Trains and studies the point, or goes on with that; false when it was interrupted. `before` is called when all that
/// was asked for is there. Throws UsageError.
bool measure_pruning(const std::string& id, const PruningPlan& plan, const std::filesystem::path& output,
                     const std::function<void()>& before);

/// Prints what a study says, and returns an exit code.
int tell_pruning(const std::filesystem::path& study);

/// Tells a terminal how far a study is and how long it still takes; asks for the end when a signal did.
StudyWatch terminal_watch();

}  // namespace headcount
