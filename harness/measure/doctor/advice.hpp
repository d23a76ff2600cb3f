// What the environment says about measuring on this machine, for people: what there is, what it means, what to do.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace headcount {

struct Advice {
    std::string what;   ///< "load 1.9 on 2 processors"
    std::string means;  ///< "others take the processors that are timed"
    std::string act;    ///< "wait until it is below 0.4"; "" where nothing has to be done
};

/// One line for each of: load, processors and quota, SMT, governor, boost, stolen time, performance events, energy,
/// swap. `environment` as read_environment() gives it; what it calls unavailable is said to be, with what follows.
/// `root` is where /proc is found.
std::vector<Advice> advise(const std::map<std::string, std::string>& environment,
                           const std::filesystem::path& root = "/");

}  // namespace headcount
