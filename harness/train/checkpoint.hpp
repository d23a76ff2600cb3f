// Where a training stands, kept in a file: killed at any step, it goes on and ends with the same bits. One that has
// ended stays, too, until its result is written down elsewhere.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace headcount {

struct TrainingState {
    std::int64_t step = 0;  ///< the next one
    double seconds = 0, cpu_seconds = 0;
    double stretch_loss = 0;  ///< of the stretch of the curve that is not ended
    std::int64_t in_stretch = 0;
    std::vector<double> curve{};
    std::vector<char> numbers{};  ///< parameters and moments, as they lie in memory
};

/// A file for each training, in a folder that is made when it is needed. An empty path: none is kept.
struct Checkpoint {
    std::filesystem::path folder{};
    double every_s = 20;  ///< so a shorter training is kept at its end only
    std::string key{};    ///< of point, run and rate: a file of another training is none

    std::filesystem::path file() const;
    /// Replaces the file as a whole. Throws Error when it cannot be written.
    void save(const TrainingState& state) const;
    /// False where there is no file, a torn one or that of another training; `state` is as before then.
    bool load(TrainingState& state) const;
};

}  // namespace headcount
