// Language at toy scale: the next byte of the sayings that Debian's package fortunes ships.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "harness/core/error.hpp"
#include "harness/core/options.hpp"
#include "tasks/task.hpp"

namespace headcount::tasks {
namespace {

namespace fs = std::filesystem;

struct Decoding {
    std::int64_t layers = 2;
    std::int64_t ffn_factor = 4;
};
const Options<Decoding>& options() {
    static const Options<Decoding> own{
        {"layers", &Decoding::layers, 1, 1024, "layers of the decoder"},
        {"ffn_factor", &Decoding::ffn_factor, 1, 64, "width of the feed-forward part over embed_dim"}};
    return own;
}

/// Of each file of a folder, in the order of their names, the last 5 % are for the test and those before for
/// validation.
class Corpus {
public:
    Corpus(const fs::path& folder, const char* package) {
        std::error_code error;
        std::vector<fs::path> files;
        for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
            // Indexes of fortunes (.dat), and links to files that are there themselves.
            const std::string extension = entry.path().extension().string();
            if (entry.is_regular_file() && !entry.is_symlink() && extension != ".dat" && extension != ".u8") {
                files.push_back(entry.path());
            }
        }
        if (files.empty()) {
            throw UsageError(folder.string() + ": no text; install it with apt-get install " + package);
        }
        std::ranges::sort(files);
        for (const fs::path& file : files) add(file);
    }

    /// A piece of `length` bytes, each as likely.
    const char* piece(Draw& draw, Split split, std::size_t length) const {
        const std::vector<std::string>& texts = texts_.at(static_cast<std::size_t>(split));
        std::size_t starts = 0;
        for (const std::string& text : texts) starts += starts_in(text, length);
        if (starts == 0) throw UsageError("no file of the text is as long as kv_len; take a shorter one");
        std::size_t at = draw.below(starts);
        for (const std::string& text : texts) {
            const std::size_t here = starts_in(text, length);
            if (at < here) return text.data() + at;
            at -= here;
        }
        return nullptr;
    }

private:
    static std::size_t starts_in(const std::string& text, std::size_t length) {
        return text.size() < length ? 0 : text.size() - length + 1;
    }
    void add(const fs::path& path) {
        std::ifstream file(path, std::ios::binary);
        const std::string all{std::istreambuf_iterator<char>(file), {}};
        const std::size_t validation = all.size() * 90 / 100, test = all.size() * 95 / 100;
        texts_[0].push_back(all.substr(0, validation));
        texts_[1].push_back(all.substr(validation, test - validation));
        texts_[2].push_back(all.substr(test));
    }

    std::array<std::vector<std::string>, 3> texts_;  ///< by split
};

/// Read once.
const Corpus& fortunes() {
    static const Corpus read("/usr/share/games/fortunes", "fortunes");
    return read;
}

class Pieces final : public Examples {
public:
    explicit Pieces(const Corpus& corpus) : corpus_(&corpus) {}
    void next(Draw& draw, const Example& into) const override {
        const std::size_t length = into.keys.size(), first = length - into.targets.size();
        const char* const bytes = corpus_->piece(draw, into.split, length + 1);
        for (std::size_t i = 0; i < length; ++i) into.keys[i] = static_cast<unsigned char>(bytes[i]);
        for (std::size_t i = first; i < length; ++i) into.targets[i - first] = static_cast<unsigned char>(bytes[i + 1]);
    }

private:
    const Corpus* corpus_;
};

}  // namespace

Task next_byte() {
    return {.summary = "the next byte of sayings (package fortunes), by a decoder of `layers` layers",
            .source = "Vaswani et al. 2017, table 3 (A), at toy scale (this project)",
            .own = options().fields(),
            .model = [](const Point& point) -> ModelShape {
                const Decoding own = options().read(point.own);
                constexpr std::int64_t kBytes = 256;
                return {.hidden = own.ffn_factor * point.problem.embed_dim, .layers = own.layers, .vocabulary = kBytes};
            },
            .examples = [](const Point&, Draw&) -> std::unique_ptr<Examples> {
                return std::make_unique<Pieces>(fortunes());
            }};
}

}  // namespace headcount::tasks
