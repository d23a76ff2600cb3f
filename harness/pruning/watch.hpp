// Who waits for a study: what somebody is told, and asked.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace headcount {

struct StudyWatch {
    std::function<void(std::int64_t done, std::int64_t of, const std::string& what)> progress{};
    std::function<bool()> stop{};  ///< true: end behind what is being measured
};

}  // namespace headcount
