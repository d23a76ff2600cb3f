// Flags for the fields of a point, one for each entry of known_fields().
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "harness/cli/command.hpp"
#include "harness/core/point.hpp"

namespace headcount {

/// The flags --variant, --seq-len, --causal ... of a command, and what was given.
class PointOptions {
public:
    /// But for the fields `without`, which the command asks for in another way or has no use for.
    std::vector<Flag> flags(const std::vector<std::string>& without = {});
    /// What was given over `base`. Throws UsageError.
    PointSpec over(PointSpec base) const;

    /// The field of which several values were given ("32,64"), and the options with one of them each; "" and these
    /// options where there is none. Throws UsageError where two fields have several.
    std::pair<std::string, std::vector<PointOptions>> spread() const;

private:
    std::map<std::string, std::string> text_;
    std::map<std::string, bool> flag_;
};

}  // namespace headcount
