// A directory of its own for a test, gone when the test ends.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "harness/core/error.hpp"

namespace headcount::testing {

struct Scratch {
    std::filesystem::path dir;

    Scratch() {
        std::string name = (std::filesystem::temp_directory_path() / "headcount-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw Error("no temporary directory");
        dir = name;
    }
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(dir, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    std::filesystem::path file() const { return dir / "run.jsonl"; }
};

}  // namespace headcount::testing
