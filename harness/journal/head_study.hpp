// What `headcount heads` writes: a file of lines like a journal's, of what the heads of one trained model do.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace headcount {

/// How the first line of every study begins.
inline constexpr std::string_view kHeadStudyStart = R"({"kind":"head_study",)";

/// The first line: the model, the texts and the machine. Layers and heads are numbered from 0.
struct HeadStudyRecord {
    int schema_version = 1;
    std::string started;  ///< ISO 8601, UTC
    std::vector<std::string> command;
    std::map<std::string, std::string> environment;
    std::string model, model_hash;
    std::int64_t layers = 0, num_heads = 0, embed_dim = 0;
    std::vector<std::int64_t> head_dims;  ///< columns of a head in each layer; none: embed_dim / num_heads in all
    std::string texts_source, texts_hash;
    std::int64_t pairs = 0, max_tokens = 0;
    std::string variant, backend;
    int num_threads = 1;
};

struct HeadPlace {
    std::int64_t layer = 0, head = 0;
    friend bool operator==(const HeadPlace&, const HeadPlace&) = default;
};

/// The model without some of its heads: how well it finds the text that answers each question.
struct HeadConditionRecord {
    std::string name;  ///< "whole", "without 3.5", "best of each layer", "importance 30", "random 1 30"
    std::vector<HeadPlace> removed;
    std::vector<std::int64_t> ranks;  ///< of the right text for each question, from 1; ties count against it
    double seconds = 0;               ///< it took to find out, from the first layer that differs
};

/// The time of the same passes, in rounds in which all numbers of heads take turns.
struct HeadTimingRecord {
    std::int64_t heads_left = 0;
    std::int64_t texts = 0;       ///< in a pass, one after the other
    std::vector<double> seconds;  ///< of a pass, one a round
};

/// Where one head looks: means over rows and texts.
struct HeadGaze {
    double entropy = 0;  ///< of a row of weights over the most it could be, ln of the length
    double to_self = 0, to_previous = 0, to_next = 0, to_first = 0, to_last = 0;  ///< shares
};

/// How alike the heads of a layer are. Matrices are [num_heads * num_heads], symmetric.
struct LayerDiversity {
    std::vector<HeadGaze> heads;
    std::vector<double> js_divergence;  ///< of rows of weights, in bits: 0 alike, 1 apart
    std::vector<double> cka;            ///< linear centred kernel alignment of outputs: 1 alike, 0 apart
    std::vector<double> subspace;       ///< mean squared cosine between what W_O of both can write: 1 alike
};

/// One fold of the texts in one model. Fold f of "untrained" is a model of seed f.
struct HeadDiversityRecord {
    std::string model;  ///< "trained", "untrained"
    std::int64_t fold = 0, texts = 0;
    std::vector<LayerDiversity> layers;
};

/// Names of conditions, and (model, fold), are unique: the first counts.
struct HeadStudy {
    HeadStudyRecord record;
    std::vector<HeadConditionRecord> conditions;
    std::vector<HeadTimingRecord> timings;
    std::vector<HeadDiversityRecord> diversities;
    std::vector<std::string> warnings;
};

std::string study_line(const HeadStudyRecord& record);
std::string study_line(const HeadConditionRecord& record);
std::string study_line(const HeadTimingRecord& record);
std::string study_line(const HeadDiversityRecord& record);

/// Whether a file begins like a study; false for what is not there.
bool is_head_study(const std::filesystem::path& path);
/// Damaged lines are left out with a warning. Throws UsageError: no such file, no study, a newer version.
HeadStudy read_head_study(const std::filesystem::path& path);

}  // namespace headcount
