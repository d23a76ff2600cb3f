// A result as plain files: what plots, spreadsheets and other people's tools read.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/analysis/claims/point_summary.hpp"
#include "harness/analysis/records/record_set.hpp"
#include "harness/analysis/table/table.hpp"
#include "harness/analysis/verdicts/verdict.hpp"

namespace headcount {

// Tidy tables, numbers with full precision, empty cells where there is no value.
Table points_csv(const RecordSet& records);     ///< one row a point: fields, counts, memory, time, ratio, check
Table ops_csv(const RecordSet& records);        ///< one row a point, operation, role and ledger
Table breakdown_csv(const RecordSet& records);  ///< one row a point, verb and role of the traced pass
/// What the column `share` of the breakdown holds, in the order in which it is stacked.
Table shares_csv();
/// One row an instruction set: what the library of the kernels calls it, and everybody else.
Table instruction_sets_csv();
Table libraries_csv(const RecordSet& records);  ///< one row a backend: what it computed with, and its version
/// One row for each series of three lengths or more: how its time grows with the length (exponents.hpp).
Table exponents_csv(const RecordSet& records);
Table samples_csv(const RecordSet& records);    ///< one row a sample
Table trainings_csv(const RecordSet& records);  ///< one row a training of a point with a task
Table curves_csv(const RecordSet& records);     ///< one row a stretch of a training: its mean loss
Table verdicts_csv(const std::vector<Verdict>& verdicts);

/// Writes points, ops, breakdown, shares, libraries, exponents, samples, trainings, curves and verdicts, each as csv,
/// tsv or json, and run.json (the run record) into `directory`, which is created. Throws Error when a file cannot be
/// written.
void export_data(const RecordSet& records, const std::vector<Verdict>& verdicts, const std::filesystem::path& directory,
                 std::string_view format = "csv");
/// The same for a journal: every claim is judged first; `result_path` stands in the commands.
void export_data(const Journal& journal, const std::string& result_path, const std::filesystem::path& directory,
                 std::string_view format = "csv");

/// Writes Google Benchmark's JSON (gbench_json.hpp) into `file`, creating its directory. Throws Error.
void export_gbench(const Journal& journal, const std::filesystem::path& file);

}  // namespace headcount
