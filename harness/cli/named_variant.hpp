// "latent,form=absorbed": a variant with fields of its own, beside those that flags give to several variants.
#pragma once

#include <string>
#include <vector>

#include "harness/cli/command.hpp"
#include "harness/cli/point_options.hpp"
#include "harness/core/point.hpp"

namespace headcount {

/// One of several variants that share the problem of the flags.
class NamedVariant {
public:
    /// What flags give is overruled by what stands behind the variant's name. Without lengths they are 1024. Throws
    /// UsageError: unknown variant or field, a value that does not fit, an option that the variant does not have.
    NamedVariant(const std::string& text, const PointOptions& shared);

    const std::string& text() const { return text_; }
    Point point() const;
    /// "window is an option of variant local; ...", or "" for a field that the point has.
    std::string why_not_its_own(const std::string& field) const;
    /// With one more field set; an option of another variant changes nothing. Throws UsageError.
    Point with(const std::string& field, std::int64_t value) const;

private:
    std::string text_;
    PointSpec spec_;
};

/// Throws UsageError when none of these variants has the field.
void check_has(const std::string& field, const std::vector<NamedVariant>& variants);
/// Throws UsageError when a flag gives an option that none of these variants has.
void check_flags(const PointOptions& shared, const std::vector<NamedVariant>& variants);

/// The flags of a problem, without --variant.
std::vector<Flag> problem_flags(PointOptions& options);

}  // namespace headcount
