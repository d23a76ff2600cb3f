#include "harness/cli/named_variant.hpp"

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "harness/measure/point/known_fields.hpp"
#include "variants/all.hpp"

namespace headcount {
namespace {

constexpr std::int64_t kUsualLength = 1024;

PointSpec shared_spec(const PointOptions& shared) {
    PointSpec spec = shared.over({});
    if (!spec.backend) spec.backend = "counting";
    if (!spec.problem.q_len && !spec.problem.kv_len) spec.problem.q_len = spec.problem.kv_len = kUsualLength;
    return spec;
}

}  // namespace

NamedVariant::NamedVariant(const std::string& text, const PointOptions& shared)
    : text_(text), spec_(shared_spec(shared)) {
    std::size_t comma = text.find(',');
    spec_.variant = text.substr(0, comma);
    (void)find_named(all_variants(), *spec_.variant, "variant");
    while (comma != std::string::npos) {
        const std::size_t from = comma + 1;
        comma = text.find(',', from);
        const std::string part = text.substr(from, comma == std::string::npos ? comma : comma - from);
        const std::size_t equals = part.find('=');
        if (equals == std::string::npos) {
            throw UsageError(
                fmt::format("'{}' in {}: write VARIANT,field=value,..., e.g. latent,form=absorbed", part, text));
        }
        const std::string field = part.substr(0, equals);
        known_fields().set(spec_, field, part.substr(equals + 1));
        if (const std::string why = why_not_its_own(field); !why.empty()) throw UsageError(why);
    }
}

std::string NamedVariant::why_not_its_own(const std::string& field) const {
    if (!known_fields().is_own(field)) return "";
    PointSpec alone = spec_;
    alone.own = {{field, ""}};
    return known_fields().why_not_its_own(alone);
}

Point NamedVariant::point() const { return resolve(spec_, known_fields()); }

Point NamedVariant::with(const std::string& field, std::int64_t value) const {
    PointSpec spec = spec_;
    known_fields().set(spec, field, std::to_string(value));
    return resolve(spec, known_fields());
}

void check_has(const std::string& field, const std::vector<NamedVariant>& variants) {
    std::string why;
    for (const NamedVariant& one : variants) {
        why = one.why_not_its_own(field);
        if (why.empty()) return;
    }
    throw UsageError(why);
}

void check_flags(const PointOptions& shared, const std::vector<NamedVariant>& variants) {
    for (const auto& [option, value] : shared_spec(shared).own) check_has(option, variants);
}

std::vector<Flag> problem_flags(PointOptions& options) {
    std::vector<Flag> flags = options.flags();
    std::erase_if(flags, [](const Flag& flag) { return flag.name == "--variant"; });
    return flags;
}

}  // namespace headcount
