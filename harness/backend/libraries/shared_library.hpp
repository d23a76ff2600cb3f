// A shared library that is loaded while the program runs, its symbols for whoever asks and for nobody else.
#pragma once

#include <string>

namespace headcount {

/// Several libraries that define the same names (cblas_sgemm) stand beside each other so: what one of them calls
/// binds to the program, where none may be, and then to itself. Linked into the program, OpenBLAS would answer the
/// sgemm_ that BLIS's own cblas_sgemm calls. Libraries stay loaded until the program ends.
class SharedLibrary {
public:
    /// Loads the file at `path`; failure() says why it could not.
    explicit SharedLibrary(const std::string& path);

    /// Empty when the library is loaded.
    const std::string& failure() const { return failure_; }

    /// The function of this name in the library or in what it depends on; null when there is none.
    template <class F>
    F* function(const char* name) const {
        return reinterpret_cast<F*>(address_of(name));
    }

private:
    void* address_of(const char* name) const;

    void* handle_ = nullptr;
    std::string failure_;
};

/// The file that holds what lies at `address`, links resolved; empty when none does.
std::string file_of(const void* address);

/// What `name` is for the program itself and the libraries it is linked with, private ones left out; null when nothing.
void* program_wide_address(const char* name);

}  // namespace headcount
