#include "harness/pretrained/safetensors.hpp"

#include <cstring>
#include <limits>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "harness/core/error.hpp"
#include "harness/core/hash.hpp"
#include "harness/core/whole_file.hpp"

namespace headcount {
namespace {

using Json = nlohmann::json;

/// Elements of a shape. Throws Error when there are more than a file could hold.
std::int64_t elements_of(const std::vector<std::int64_t>& shape) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 8;
    std::int64_t elements = 1;
    for (const std::int64_t extent : shape) {
        if (extent < 1 || extent > kMost / elements) throw Error("its shape is no shape");
        elements *= extent;
    }
    return elements;
}

}  // namespace

SafeTensors::SafeTensors(const std::filesystem::path& path, const Advice& advice)
    : name_(path.string()), advice_(advice) {
    const std::optional<std::string> read = whole_file(path);
    if (!read) throw UsageError(fmt::format("{}: cannot be read; {}", path.string(), advice.whole));
    const std::string& bytes = *read;
    hash_ = fnv64(bytes);
    std::uint64_t header_size = 0;
    constexpr std::size_t kLengthBytes = sizeof header_size;
    if (bytes.size() >= kLengthBytes) std::memcpy(&header_size, bytes.data(), kLengthBytes);
    if (bytes.size() < kLengthBytes || header_size > bytes.size() - kLengthBytes) {
        throw UsageError(fmt::format("{}: is cut short or no safetensors file; {}", name_, advice.whole));
    }
    const std::string_view numbers = std::string_view(bytes).substr(kLengthBytes + header_size);
    memory_.resize(numbers.size() / sizeof(float));
    if (!memory_.empty()) std::memcpy(memory_.data(), numbers.data(), memory_.size() * sizeof(float));
    std::string reading = "the header";
    try {
        const Json header = Json::parse(std::string_view(bytes).substr(kLengthBytes, header_size));
        for (const auto& [tensor, entry] : header.items()) {
            reading = "tensor " + tensor;
            if (tensor == "__metadata__") continue;
            if (const auto type = entry.at("dtype").get<std::string>(); type != "F32") {
                other_types_[tensor] = type;
                continue;
            }
            const auto shape = entry.at("shape").get<std::vector<std::int64_t>>();
            const auto begin = entry.at("data_offsets").at(0).get<std::uint64_t>();
            const auto end = entry.at("data_offsets").at(1).get<std::uint64_t>();
            const auto size = static_cast<std::uint64_t>(elements_of(shape)) * sizeof(float);
            if (begin % sizeof(float) != 0 || end < begin || end > numbers.size() || end - begin != size) {
                throw Error("its numbers do not lie inside of the file");
            }
            const std::size_t before = begin / sizeof(float);
            entries_[tensor] = {.shape = shape, .values = memory_.data() + before};
        }
    } catch (const std::exception& error) {
        throw UsageError(fmt::format("{}: {} cannot be read ({}); {}", name_, reading, error.what(), advice.whole));
    }
}

const SafeTensors::Entry& SafeTensors::at(std::string_view name, const std::vector<std::int64_t>& shape) const {
    if (const auto other = other_types_.find(name); other != other_types_.end()) {
        throw UsageError(fmt::format("{}: tensor {} has type {}, expected F32 of shape [{}]; {}", name_, name,
                                     other->second, fmt::join(shape, ", "), advice_.tensor));
    }
    const auto found = entries_.find(name);
    if (found == entries_.end()) {
        throw UsageError(fmt::format("{}: holds no tensor {}, expected with type F32 and shape [{}]; {}", name_, name,
                                     fmt::join(shape, ", "), advice_.tensor));
    }
    if (found->second.shape != shape) {
        throw UsageError(fmt::format("{}: tensor {} has shape [{}], expected [{}]; {}", name_, name,
                                     fmt::join(found->second.shape, ", "), fmt::join(shape, ", "), advice_.tensor));
    }
    return found->second;
}

std::vector<std::string> SafeTensors::names() const {
    std::vector<std::string> names;
    for (const auto& [name, entry] : entries_) names.push_back(name);
    for (const auto& [name, type] : other_types_) names.push_back(name);
    return names;
}

}  // namespace headcount
