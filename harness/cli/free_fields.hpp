// Which sizes of a variant vary freely beside each other, and points of it at chosen and at random sizes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/point.hpp"
#include "harness/core/random.hpp"
#include "variants/variant.hpp"

namespace headcount {

class FreeFields {
public:
    using Numbers = std::map<std::string, std::int64_t>;
    enum class Lengths : std::uint8_t { two, one };  ///< q_len and kv_len, or seq_len for both
    static constexpr std::int64_t kNodes = 7;        ///< places along one field
    static constexpr std::int64_t kLongTimes = 4;    ///< a length of so many times an option is long

    /// As many as can vary of batch, lengths, embed_dim, num_heads, num_kv_heads, head_dim and those options whose
    /// default is a number above 0 (0 says: none). What `given` sets does not vary; `causal` is set where the variant
    /// runs in no other way. Nothing where it does not run at all.
    static std::optional<FreeFields> of(const PointSpec& given, Lengths lengths);

    const std::vector<std::string>& names() const { return names_; }
    /// "num_kv_heads = num_heads", "q_rank = 0": what the sizes that do not vary are.
    std::vector<std::string> suppositions() const;

    /// Nothing where the sizes do not fit each other.
    std::optional<Point> at(const Numbers& numbers) const;
    /// The numbers at place node[i] (from 0) of field i, equally spaced. Heads divide widths, and lengths are long.
    Numbers place(const std::vector<std::int64_t>& node) const;
    /// What a formula may need, to which numbers are drawn.
    struct Needs {
        bool lengths_long = false;       ///< each is at least kLongTimes each option
        bool head_dim_by_fours = false;  ///< which halves and quarters of a head are made of

        std::string text() const;  ///< "" for none
    };
    /// Small numbers of any kind.
    Numbers draw(SplitMix64& random, const Needs& needs) const;

private:
    bool varies(std::string_view name) const;
    bool runs() const;
    void free_options();

    PointSpec given_;
    std::vector<std::string> names_;
    std::vector<Field> options_;  ///< of the variant, that vary
};

}  // namespace headcount
