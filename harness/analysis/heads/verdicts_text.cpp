#include "harness/analysis/heads/verdicts_text.hpp"

#include "harness/analysis/table/table.hpp"

namespace headcount {

std::string verdicts_text(const std::vector<HeadVerdict>& verdicts) {
    Table table{.columns = {{.name = "claim"},
                            {.name = "verdict"},
                            {.name = "says", .align = Align::left, .wraps = true},
                            {.name = "found", .align = Align::left, .wraps = true}},
                .rows = {}};
    for (const HeadVerdict& verdict : verdicts) {
        table.rows.push_back({verdict.id, std::string(to_string(verdict.status)), verdict.says, verdict.found});
    }
    return "\nClaims\n" + to_terminal(table);
}

}  // namespace headcount
