// Errors that say where, what and what to do.
#pragma once

#include <stdexcept>
#include <string>

namespace headcount {

/// Anything that stops an operation. what() is one complete sentence for a person:
/// where it happened, what is wrong, what to do about it.
struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The user's input (a flag, a config, a point id) is wrong; the command line exits with 2.
struct UsageError : Error {
    using Error::Error;
};

}  // namespace headcount
