// Sequences of different lengths in one batch: how long each is, and what padded and packed_sequences share.
#pragma once

#include <cstdint>
#include <string>

#include "harness/backend/verbs/unseen.hpp"
#include "harness/backend/verbs/zero.hpp"
#include "variants/steps.hpp"

namespace headcount {

/// The option of both.
struct Padding {
    std::int64_t shortest = 0;
};

namespace padding {

inline const Options<Padding>& own() {
    static const Options<Padding> options{
        {"shortest", &Padding::shortest, 0, kLargestExtent,
         "tokens of the last sequence of a batch; lengths fall evenly to it from seq_len, which the first has, rounded "
         "down; 0: half of seq_len, rounded up"}};
    return options;
}

/// The lengths of the sequences of a batch, padded to seq_len. A single one has all of it.
class Lengths {
public:
    Lengths(const Problem& p, const Padding& chosen)
        : batch_(p.batch),
          longest_(p.q_len),
          shortest_(chosen.shortest == 0 ? p.q_len - p.q_len / 2 : chosen.shortest) {}

    std::int64_t of(std::int64_t sequence) const {
        if (batch_ == 1) return longest_;
        return shortest_ + (longest_ - shortest_) * (batch_ - 1 - sequence) / (batch_ - 1);
    }
    /// Tokens that exist, of all sequences.
    std::int64_t total() const {
        std::int64_t sum = 0;
        for (std::int64_t sequence = 0; sequence < batch_; ++sequence) sum += of(sequence);
        return sum;
    }
    /// f(sequence, length, tokens of the sequences before it)
    template <class F>
    void each(const F& f) const {
        std::int64_t before = 0;
        for (std::int64_t sequence = 0; sequence < batch_; before += of(sequence), ++sequence)
            f(sequence, of(sequence), before);
    }
    /// The rows of a sequence that exist, of a tensor with padding, and those that do not.
    Tensor existing(const Tensor& padded, std::int64_t sequence) const {
        return padded.matrix(sequence, 0, 0).row_range(0, of(sequence));
    }
    Tensor missing(const Tensor& padded, std::int64_t sequence) const {
        return padded.matrix(sequence, 0, 0).row_range(of(sequence), longest_ - of(sequence));
    }
    /// f(the rows that do not exist), for each sequence that has some.
    template <class F>
    void each_missing(const Tensor& padded, const F& f) const {
        for (std::int64_t sequence = 0; sequence < batch_; ++sequence) {
            if (of(sequence) < longest_) f(missing(padded, sequence));
        }
    }

private:
    std::int64_t batch_, longest_, shortest_;
};

inline std::string why_unsupported(const std::string& name, const Point& point) {
    const Problem& p = point.problem;
    const std::int64_t shortest = own().read(point.own).shortest;
    if (p.q_len != p.kv_len) {
        return name + " has one length for the queries and keys of a sequence; set kv_len equal to q_len";
    }
    if (shortest > p.q_len) {
        return name + " pads to the longest sequence, which has " + std::to_string(p.q_len) +
               " tokens; set shortest to no more than that instead of " + std::to_string(shortest);
    }
    return "";
}

/// The core of one sequence, from the rows of it that exist.
inline void attend(Pass& pass, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& context) {
    const Problem& p = pass.problem;
    pass.backend.attend("core", p.scale(), p.mask(), query_heads(q, p), key_heads(k, p), key_heads(v, p),
                        query_heads(context, p), pass.workspace);
}

/// Zeros where there is no token: nothing there depends on anything.
inline void clear_missing(Pass& pass, std::string_view role, const Lengths& lengths, const Tensor& padded) {
    lengths.each_missing(padded, [&](const Tensor& rows) { pass.backend.run(role, Zero{.to = rows}); });
}

/// Says of rows that nobody reads that their derivatives are zero; behind those that read the others.
inline void unseen_missing(Pass& pass, std::string_view role, const Lengths& lengths, const Tensor& padded) {
    lengths.each_missing(padded, [&](const Tensor& rows) { pass.backend.run(role, Unseen{rows}); });
}

}  // namespace padding
}  // namespace headcount
