#include "harness/backend/backward.hpp"

#include <utility>

#include "harness/backend/backend.hpp"
#include "harness/backend/verbs/zero.hpp"

namespace headcount {

void Backward::lay_over(const Workspace& values_store, const Workspace& values_temporaries, Workspace its_store,
                        Workspace its_temporaries) {
    store = std::move(its_store);
    temporaries = std::move(its_temporaries);
    kept_bytes = values_temporaries.peak_bytes();
    kept_reserved_bytes = values_temporaries.reserved_bytes();
    derivatives.put(values_store.base(), values_store.reserved_bytes(), store.base());
    derivatives.put(values_temporaries.base(), values_temporaries.reserved_bytes(), temporaries.base());
}

void Backward::walk(Backend& backend, Workspace& scratch) {
    derivatives.begin();
    for (const Tensor& derivative : derivatives.zeroed()) backend.run("zero", Zero{.to = derivative});
    forward.walk_back(backend, scratch, derivatives);
}

void Backward::walk_to_canonical(Backend& backend, Workspace& scratch) {
    prepare.walk_back(backend, scratch, derivatives);
}

}  // namespace headcount
