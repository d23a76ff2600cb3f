// Texts in batches of equal length, so that nothing is padded, and what the model has made of them so far.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "harness/core/workspace.hpp"
#include "harness/pretrained/runner.hpp"

namespace headcount {

class Batches {
public:
    /// The texts outlive it. A batch holds at most `most_tokens` tokens, or one text.
    Batches(const std::vector<const TokenIds*>& texts, std::int64_t embed_dim, std::int64_t most_tokens = 2048);

    /// All texts before the first layer.
    void embed(EncoderRunner& runner);
    /// One more layer, with the heads that the runner keeps.
    void advance(EncoderRunner& runner, std::int64_t layer);
    /// What the remaining layers make of the texts, one row each in the order given: the mean over tokens, or what the
    /// model makes of it, of length 1. Nothing kept here changes. `stop` is asked before each batch; nothing comes back
    /// when it says yes.
    std::optional<Tensor> finish(EncoderRunner& runner, std::int64_t first_layer,
                                 const std::function<bool()>& stop = {});

private:
    struct Batch {
        std::vector<std::size_t> which;
        Tensor rows;  ///< [batch, 1, 1, len, embed_dim]
    };
    void lay_out(std::int64_t embed_dim);
    /// Of the tokens of one text.
    void pool(EncoderRunner& runner, const Tensor& rows, const Tensor& result) const;

    const std::vector<const TokenIds*> texts_;
    std::vector<Batch> batches_;
    Workspace store_ = Workspace::dry();
    Tensor scratch_, sum_, results_;
};

}  // namespace headcount
