#include "harness/measure/forecast/nearness.hpp"

#include <cmath>
#include <map>
#include <string>

#include "harness/core/base_fields.hpp"

namespace headcount {
namespace {

/// In doublings of a number. Readable loops are ten times slower than kernels: no length makes them alike.
double weight_of(const Field& field) {
    if (field.facet == Facet::who) return Nearness::kOthers;
    if (field.facet == Facet::meaning) return 6;
    return 1;
}

std::string options_text(const Point& point) {
    std::string text;
    for (const Setting& setting : point.own.all()) text += setting.name + "=" + setting.text + ",";
    return text;
}

}  // namespace

Nearness::Nearness(const Plan& plan) {
    std::map<std::string, double, std::less<>> texts;
    const auto number_of_text = [&](const std::string& text) {
        return texts.emplace(text, static_cast<double>(texts.size())).first->second;
    };
    const auto look_up = [&](Feature feature, const auto& value_of) {
        feature.values.reserve(plan.points.size());
        for (const PlannedPoint& planned : plan.points) feature.values.push_back(value_of(planned.point));
        features_.push_back(std::move(feature));
    };
    for (const BaseField& base : base_fields()) {
        const Field& field = base.field;
        if (field.is_alias() || field.facet == Facet::data) continue;
        Feature feature{.weight = weight_of(field), .values = {}, .is_text = !field.is_number()};
        look_up(std::move(feature), [&](const Point& point) {
            if (!field.is_number()) return number_of_text(get_field(point, field.name));
            return std::log2(1 + static_cast<double>(number_of(point, field.name).value_or(0)));
        });
    }
    look_up({.weight = 1, .values = {}, .is_text = true},
            [&](const Point& point) { return number_of_text(options_text(point)); });
}

double Nearness::distance(std::size_t a, std::size_t b) const {
    double distance = 0;
    for (const Feature& feature : features_) {
        const double difference = std::abs(feature.values[a] - feature.values[b]);
        distance += feature.weight * (feature.is_text && difference > 0 ? 1 : difference);
    }
    return distance;
}

}  // namespace headcount
