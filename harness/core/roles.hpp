// The words of the equation that verbs are called by, and which share of a layer each belongs to.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace headcount {

struct Role {
    std::string_view name;
    std::string_view share;  ///< "projections", "scores", "softmax", "context"
};

inline constexpr std::array<Role, 11> kRoles{{{"query", "projections"},
                                              {"key", "projections"},
                                              {"value", "projections"},
                                              {"output", "projections"},
                                              {"qkv", "projections"},
                                              {"latent", "projections"},
                                              {"latent_query", "projections"},
                                              {"rotary_key", "projections"},
                                              {"scores", "scores"},
                                              {"weights", "softmax"},
                                              {"context", "context"}}};

/// "other" for a role that is none of these.
constexpr std::string_view share_of_role(std::string_view role) {
    const auto* const known = std::ranges::find(kRoles, role, &Role::name);
    return known == kRoles.end() ? "other" : known->share;
}

}  // namespace headcount
