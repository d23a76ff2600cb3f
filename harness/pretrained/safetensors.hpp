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

    /// What messages tell a person to do.
    struct Advice {
        std::string_view whole = "install the model again";  ///< with a file that cannot be read
        std::string_view tensor =
            "does config.json belong to it?";  ///< with a tensor that is missing or has another shape
    };

    /// Reads the whole file; of tensors of another type than f32 the names are kept alone. Throws UsageError, with file
    /// and tensor, when it is missing, cut short or says what is not there.
    explicit SafeTensors(const std::filesystem::path& path) : SafeTensors(path, Advice{}) {}
    SafeTensors(const std::filesystem::path& path, const Advice& advice);

    /// Throws UsageError when there is none of this name, or it has another type or shape.
    const Entry& at(std::string_view name, const std::vector<std::int64_t>& shape) const;
    /// Of all tensors, whatever their type.
    std::vector<std::string> names() const;
    /// Of all bytes of the file: it identifies, it does not protect.
    std::uint64_t hash() const { return hash_; }

private:
    std::string name_;
    Advice advice_;
    std::vector<float> memory_;
    std::map<std::string, Entry, std::less<>> entries_;
    std::map<std::string, std::string, std::less<>> other_types_;  ///< by name
    std::uint64_t hash_ = 0;
};

}  // namespace headcount
