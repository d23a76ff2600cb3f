// A file of named tensors in the safetensors format: 8 bytes with the length of a JSON header, the header, the numbers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace headcount {

class SafeTensors {
public:
    struct Entry {
        std::vector<std::int64_t> shape;
        const float* values;  ///< row-major
    };

    /// Reads the whole file; only tensors of f32 are kept. Throws UsageError, with file and tensor, when it is missing,
    /// cut short or says what is not there.
    explicit SafeTensors(const std::filesystem::path& path);

    /// Throws UsageError when there is none of this name or it has another shape.
    const Entry& at(std::string_view name, const std::vector<std::int64_t>& shape) const;
    /// Of all bytes of the file: it identifies, it does not protect.
    std::uint64_t hash() const { return hash_; }

private:
    std::string name_;
    std::vector<float> memory_;
    std::map<std::string, Entry, std::less<>> entries_;
    std::uint64_t hash_ = 0;
};

}  // namespace headcount
