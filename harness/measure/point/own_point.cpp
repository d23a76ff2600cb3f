#include "harness/measure/point/own_point.hpp"

#include <utility>

namespace headcount {

OwnPoint::OwnPoint(Point point, ReferenceCache& references)
    : point_(std::move(point)), references_(references), visit_([this] { run_pass(data()); }) {}

OwnPoint::OwnPoint(PointData data, ReferenceCache& references) : OwnPoint(data.point, references) {
    data_.emplace(std::move(data));
}

PointData& OwnPoint::data() {
    if (!data_) data_.emplace(make_point_data(point_));
    return *data_;
}

void OwnPoint::show(std::uint64_t set) {
    if (!data().backend->executes()) return;
    if (!rotation_) rotation_.emplace(data());
    rotation_->show(set);
}

CheckRecord OwnPoint::check() {
    show(kFirstInputs);
    return check_point(data(), &references_);
}

void OwnPoint::show_inputs_of(std::int64_t round) { show(1 + static_cast<std::uint64_t>(round)); }

CheckRecord OwnPoint::check_again() {
    PointData& ready = data();
    if (!ready.backend->executes()) return {};
    run_pass(ready);  // what is kept of it is wrong for the next
    Rotation(ready, true).show(kUnseenInputs);
    CheckRecord record = check_point(ready, &references_);
    if (!runs_forward(point_.problem.pass)) {  // its other inputs never turn: what comes next begins with the first
        rotation_.reset();
        data_.reset();
    }
    return record;
}

void OwnPoint::audit(double pass_s) {
    refuse_kept_results(
        pass_s, [this](std::uint64_t set) { show(set); }, [this] { return visit_.seconds_of(1); });
}

Traced OwnPoint::trace() {
    PointData& ready = data();
    return headcount::trace([&ready] { run_pass(ready); }, *ready.backend);
}

PeakMemory OwnPoint::peak_memory() {
    const Bytes before = process_memory("VmHWM");
    run_pass(data());
    return growth(before, process_memory("VmHWM"), data().temporaries_bytes());
}

}  // namespace headcount
