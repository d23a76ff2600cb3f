// Which columns a table of points shows unless it is told, and what all of its points share.
#pragma once

#include <string>
#include <vector>

#include "harness/analysis/show/point_columns.hpp"
#include "harness/analysis/show/point_table.hpp"

namespace headcount {

struct SharedFields {
    std::vector<std::string> vary;
    std::vector<std::string> constant;  ///< "batch 1": what the points share and the columns do not say
};

/// Whatever varies varies; one length where queries and keys agree, and no width that follows from the others.
SharedFields shared_fields(const RecordSet& records, const std::vector<std::size_t>& entries);

/// "num_heads=1" where the ratios of all rows are to that; else "".
std::string common_base(const std::vector<PointRow>& rows);

/// Keys of the columns but for fields.
std::vector<std::string> chosen_numbers(const std::vector<PointRow>& rows, const PointTableOptions& options);

/// Keys of all columns.
std::vector<std::string> chosen_columns(const RecordSet& records, const std::vector<PointRow>& rows,
                                        const SharedFields& fields, const PointTableOptions& options);

/// "rows differ in scope, too: ...": fields that vary and have no column, so that rows look alike; "" for none.
std::string hidden_text(const SharedFields& fields, const std::vector<std::string>& keys, Audience audience);

/// What the points share, rounds, processor, libraries, commit and day: whole sentences but for the last point.
std::string conditions_text(const RecordSet& records, const std::vector<std::size_t>& shown,
                            const std::vector<PointRow>& rows, const SharedFields& fields);

}  // namespace headcount
