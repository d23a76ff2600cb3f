#include "harness/backend/libraries/shared_library.hpp"

#include <filesystem>
#include <system_error>

#include <dlfcn.h>

namespace headcount {

SharedLibrary::SharedLibrary(const std::string& path) : handle_(::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) {
        const char* reason = ::dlerror();
        failure_ = reason == nullptr ? path + " cannot be loaded" : reason;
    }
}

void* SharedLibrary::address_of(const char* name) const {
    return handle_ == nullptr ? nullptr : ::dlsym(handle_, name);
}

std::string file_of(const void* address) {
    Dl_info found{};
    if (address == nullptr || ::dladdr(address, &found) == 0 || found.dli_fname == nullptr) return "";
    std::error_code error;
    const std::filesystem::path file = std::filesystem::canonical(found.dli_fname, error);
    return error ? found.dli_fname : file.string();
}

void* program_wide_address(const char* name) { return ::dlsym(RTLD_DEFAULT, name); }

}  // namespace headcount
