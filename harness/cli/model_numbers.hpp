// Every number of a model at one length, with its unit: what CSV and JSON print, and a test adds up.
#pragma once

#include <string>
#include <vector>

#include "harness/analysis/models/model_cost.hpp"

namespace headcount {

struct ModelNumber {
    std::string quantity, unit;
    Rational value;
};

std::vector<ModelNumber> numbers_of(const ModelFigures& figures);

/// Attention's part of all FLOPs of a token, in percent.
Rational attention_percent(const TokenWork& work);
/// That of its core alone.
Rational core_percent(const TokenWork& work);

}  // namespace headcount
