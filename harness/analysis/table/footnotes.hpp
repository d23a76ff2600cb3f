// Notes below a table, in the order in which its cells first need them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace headcount {

class Footnotes {
public:
    /// Which note this is, from 0; a text that was there already keeps its place.
    std::size_t index_of(const std::string& text) {
        const auto found = std::ranges::find(texts_, text);
        const auto index = static_cast<std::size_t>(found - texts_.begin());
        if (found == texts_.end()) texts_.push_back(text);
        return index;
    }
    const std::vector<std::string>& texts() const { return texts_; }

private:
    std::vector<std::string> texts_;
};

}  // namespace headcount
