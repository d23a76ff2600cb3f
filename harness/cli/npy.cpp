#include "harness/cli/npy.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/core/error.hpp"
#include "harness/core/whole_file.hpp"

namespace headcount {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they lie in the file");

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr std::size_t kVersionBytes = 2, kAlignment = 64;
constexpr std::size_t kMostDimensions = 32;  // NumPy's own limit

/// What the header says: a dictionary of Python with three keys.
struct Header {
    std::string descr;
    bool fortran_order = false;
    std::vector<std::int64_t> shape;
};

/// Reads the dictionary, and nothing that NumPy does not write.
class HeaderReader {
public:
    explicit HeaderReader(std::string_view text) : text_(text) {}

    Header read() {
        Header header;
        int keys = 0;
        expect('{');
        while (!take('}')) {
            const std::string key = quoted();
            expect(':');
            if (key == "descr") {
                header.descr = quoted();
            } else if (key == "fortran_order") {
                header.fortran_order = truth();
            } else if (key == "shape") {
                header.shape = tuple();
            } else {
                throw Error("its header has a key '" + key + "' that is not of the format");
            }
            ++keys;
            if (!take(',')) {
                expect('}');
                break;
            }
        }
        skip();
        if (keys != 3 || header.descr.empty() || at_ != text_.size()) throw Error("its header is no header of NumPy");
        return header;
    }

private:
    void skip() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    }
    bool take(char c) {
        skip();
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    void expect(char c) {
        if (!take(c)) throw Error(fmt::format("its header lacks a '{}' at byte {}", c, at_));
    }
    std::string quoted() {
        const char quote = take('"') ? '"' : '\'';
        if (quote == '\'') expect('\'');
        const std::size_t end = text_.find(quote, at_);
        if (end == std::string_view::npos) throw Error("its header has a text without an end");
        const std::string_view inside = text_.substr(at_, end - at_);
        at_ = end + 1;
        return std::string(inside);
    }
    bool truth() {
        skip();
        for (const std::string_view word : {"True", "False"}) {
            if (!text_.substr(at_).starts_with(word)) continue;
            at_ += word.size();
            return word == "True";
        }
        throw Error("fortran_order in its header is neither True nor False");
    }
    std::vector<std::int64_t> tuple() {
        std::vector<std::int64_t> extents;
        expect('(');
        while (!take(')')) {
            skip();
            std::int64_t extent = 0;
            const char* const end = text_.data() + text_.size();
            const auto [after, error] = std::from_chars(text_.data() + at_, end, extent);
            if (error != std::errc() || extent < 0) throw Error("its header has an extent that is no number");
            if (extents.size() == kMostDimensions) throw Error("its shape has too many dimensions");
            extents.push_back(extent);
            at_ = static_cast<std::size_t>(after - text_.data());
            if (!take(',')) {
                expect(')');
                break;
            }
        }
        return extents;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

/// The header's text and where the numbers begin.
std::pair<std::string_view, std::size_t> header_of(std::string_view bytes) {
    if (!bytes.starts_with(kMagic)) throw Error("it does not begin as a file of NumPy does");
    const std::size_t at = kMagic.size() + kVersionBytes;
    if (bytes.size() < at) throw Error("it is cut short");
    const auto version = static_cast<unsigned char>(bytes[kMagic.size()]);
    if (version != 1 && version != 2) throw Error(fmt::format("it has version {} of the format, not 1 or 2", version));
    const std::size_t length_bytes = version == 1 ? 2 : 4;
    std::uint32_t length = 0;
    if (bytes.size() < at + length_bytes) throw Error("it is cut short");
    std::memcpy(&length, bytes.data() + at, length_bytes);
    const std::size_t first = at + length_bytes;
    if (length > bytes.size() - first) throw Error("it is cut short");
    return {bytes.substr(first, length), first + length};
}

std::size_t elements_of(const std::vector<std::int64_t>& shape) {
    constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max() / 16;
    std::size_t elements = 1;
    for (const std::int64_t extent : shape) {
        const auto n = static_cast<std::size_t>(extent);
        if (n == 0) return 0;
        if (n > kMost / elements) throw Error("its shape is larger than a memory");
        elements *= n;
    }
    return elements;
}

float narrowed(double number) {
    if (std::isfinite(number) && std::abs(number) > std::numeric_limits<float>::max()) {
        throw Error(fmt::format("it has the number {}, which float32 cannot hold", number));
    }
    return static_cast<float>(number);
}

NpyArray parse(std::string_view bytes) {
    const auto [text, first] = header_of(bytes);
    const Header header = HeaderReader(text).read();
    const bool is_double = header.descr == "<f8";
    if (header.descr != "<f4" && !is_double) {
        throw Error(fmt::format("it has type '{}', not '<f4' or '<f8'; x.astype('float32') makes that", header.descr));
    }
    if (header.fortran_order) throw Error("it is in Fortran order; np.ascontiguousarray(x) is in C order");
    const std::size_t elements = elements_of(header.shape), size = is_double ? sizeof(double) : sizeof(float);
    const std::string_view numbers = bytes.substr(first);
    if (numbers.size() != elements * size) {
        throw Error(fmt::format("its shape [{}] needs {} bytes, and {} are there", fmt::join(header.shape, ", "),
                                elements * size, numbers.size()));
    }
    NpyArray array{.shape = header.shape, .values = std::vector<float>(elements)};
    if (!is_double && elements > 0) std::memcpy(array.values.data(), numbers.data(), numbers.size());
    for (std::size_t i = 0; i < elements && is_double; ++i) {
        double number = 0;
        std::memcpy(&number, numbers.data() + i * size, size);
        array.values[i] = narrowed(number);
    }
    return array;
}

}  // namespace

NpyArray read_npy(const std::filesystem::path& path) {
    try {
        const std::optional<std::string> bytes = whole_file(path);
        if (!bytes) throw Error("it cannot be read");
        return parse(*bytes);
    } catch (const Error& error) {
        throw UsageError(fmt::format("{}: {}; an array of float32 or float64 is expected, as np.save writes it",
                                     path.string(), error.what()));
    }
}

void write_npy(const std::filesystem::path& path, const NpyArray& array) {
    std::string header =
        fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({},), }}", fmt::join(array.shape, ", "));
    constexpr std::size_t kBefore = kMagic.size() + kVersionBytes + sizeof(std::uint16_t);
    header.resize((kBefore + header.size() + 1 + kAlignment - 1) / kAlignment * kAlignment - kBefore - 1, ' ');
    header += '\n';
    const auto length = static_cast<std::uint16_t>(header.size());
    std::ofstream file(path, std::ios::binary);
    file << kMagic << '\x01' << '\x00';
    file.write(reinterpret_cast<const char*>(&length), sizeof length);
    file << header;
    const std::size_t bytes = array.values.size() * sizeof(float);
    file.write(reinterpret_cast<const char*>(array.values.data()), static_cast<std::streamsize>(bytes));
    file.close();
    if (!file) throw Error(path.string() + ": cannot be written; choose another --output");
}

}  // namespace headcount
