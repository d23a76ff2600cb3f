// The readable backend: every verb's naive kernel on one thread, which is what Backend itself does.
#pragma once

#include "harness/backend/backend.hpp"

namespace headcount {

class NaiveBackend : public Backend {};

}  // namespace headcount
