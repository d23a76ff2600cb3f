#include "harness/train/checkpoint.hpp"

#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>
#include <type_traits>

#include "harness/core/error.hpp"
#include "harness/core/hash.hpp"

namespace headcount {
namespace {

/// Appends what a number or a list of numbers consists of.
class Packer {
public:
    template <class T>
    void operator()(const T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        const char* const bytes = reinterpret_cast<const char*>(&value);
        text.append(bytes, sizeof(T));
    }
    template <class T>
    void operator()(const std::vector<T>& values) {
        (*this)(static_cast<std::uint64_t>(values.size()));
        text.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
    }
    std::string text;
};

class Unpacker {
public:
    explicit Unpacker(std::string_view packed) : left(packed) {}
    template <class T>
    void operator()(T& value) {
        take(&value, sizeof(T));
    }
    template <class T>
    void operator()(std::vector<T>& values) {
        std::uint64_t count = 0;
        (*this)(count);
        if (count > left.size() / sizeof(T)) throw Error("a checkpoint ends early");
        values.resize(static_cast<std::size_t>(count));
        take(values.data(), values.size() * sizeof(T));
    }
    std::string_view left;

private:
    void take(void* to, std::size_t bytes) {
        if (bytes > left.size()) throw Error("a checkpoint ends early");
        if (bytes > 0) std::memcpy(to, left.data(), bytes);
        left.remove_prefix(bytes);
    }
};

template <class V, class State>
void each_field(V& visit, State& state) {
    visit(state.step);
    visit(state.seconds);
    visit(state.cpu_seconds);
    visit(state.stretch_loss);
    visit(state.in_stretch);
    visit(state.curve);
    visit(state.numbers);
}

}  // namespace

std::filesystem::path Checkpoint::file() const {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string name;
    for (std::uint64_t left = fnv64(key); name.size() < 16; left >>= 4U) name += kDigits[left & 15U];
    return folder / (name + ".training");
}

void Checkpoint::save(const TrainingState& state) const {
    if (folder.empty()) return;
    Packer packer;
    each_field(packer, state);
    const std::uint64_t hash = fnv64(packer.text, fnv64(key));
    const std::filesystem::path whole = file();
    std::filesystem::path part = whole;
    part += ".part";
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);  // a failure shows when the file is written
    {
        std::ofstream out(part, std::ios::binary);
        out.write(reinterpret_cast<const char*>(&hash), sizeof hash);
        out.write(packer.text.data(), static_cast<std::streamsize>(packer.text.size()));
        out.close();
        if (!out) throw Error(part.string() + ": the state of the training cannot be written; is there space?");
    }
    std::filesystem::rename(part, whole, failed);
    if (failed) throw Error(whole.string() + ": cannot be replaced: " + failed.message());
}

bool Checkpoint::load(TrainingState& state) const {
    if (folder.empty()) return false;
    std::ifstream in(file(), std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    std::uint64_t hash = 0;
    if (text.size() < sizeof hash) return false;
    std::memcpy(&hash, text.data(), sizeof hash);
    const std::string_view packed = std::string_view(text).substr(sizeof hash);
    if (hash != fnv64(packed, fnv64(key))) return false;
    Unpacker unpacker(packed);
    each_field(unpacker, state);
    return true;
}

}  // namespace headcount
