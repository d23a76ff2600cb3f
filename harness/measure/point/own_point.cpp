#include "harness/measure/point/own_point.hpp"

#include <utility>

namespace headcount {

OwnPoint::OwnPoint(Point point, ReferenceCache& references)
    : point_(std::move(point)), references_(references), visit_([this] { run_pass(data()); }) {}

PointData& OwnPoint::data() {
    if (!data_) data_.emplace(make_point_data(point_));
    return *data_;
}

CheckRecord OwnPoint::check() { return check_point(data(), &references_); }

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
