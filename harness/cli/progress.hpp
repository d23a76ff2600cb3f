// What a person sees while a run goes on.
#pragma once

#include <memory>

#include "harness/measure/campaign/campaign.hpp"

namespace headcount {

/// On a terminal one line that rewrites itself; otherwise a plain line every few seconds and for each failed or
/// skipped point. Both go to standard error, so that standard output stays clean.
std::unique_ptr<Progress> make_progress(bool quiet);

}  // namespace headcount
