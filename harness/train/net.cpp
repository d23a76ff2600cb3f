#include "harness/train/net.hpp"

#include <utility>

#include "harness/backend/all.hpp"
#include "harness/backend/verbs/sum_squares.hpp"
#include "tasks/all.hpp"
#include "variants/all.hpp"

namespace headcount {
namespace {

const Variant& variant_of(const Point& point) { return find_named(all_variants(), point.variant, "variant"); }
ModelShape shape_of(const Point& point) { return find_named(all_tasks(), point.task, "task").model(point); }

}  // namespace

std::unique_ptr<Backend> backend_of(const Point& point) {
    return find_named(all_backends(), point.backend, "backend").make(execution_of(point));
}

bool decodes(const Point& point) { return shape_of(point).layers > 0; }
std::int64_t layers_of(const Point& point) { return attention_layers(shape_of(point)); }

void update_parameters(Backend& backend, const AdamW& adamw) {
    backend.run("update", SumSquares{.from = adamw.gradient, .to = adamw.square_norm});
    backend.run("update", adamw);
}

Net::Net(const Point& point, const Variant& variant, const ModelShape& shape, Workspace its_learned, Workspace its_data,
         Workspace its_temporaries)
    : learned(std::move(its_learned)),
      data(std::move(its_data)),
      temporaries(std::move(its_temporaries)),
      model(make_model(point, variant, shape, learned, data)) {}

void Net::record(Backend& dry_backend, OpSink* listener) {
    temporaries.keep_all();
    dry_backend.record(&backward.forward);
    dry_backend.listen(listener);
    made = model->forward(dry_backend, temporaries);
    dry_backend.listen(nullptr);
    dry_backend.record(nullptr);
    const auto beside = [](const Workspace& values, int block) {
        return values.is_dry() ? Workspace::imagined(block) : Workspace::reserve(values.reserved_bytes());
    };
    backward.lay_over(learned, temporaries, beside(learned, 3), beside(temporaries, 4));
    backward.derivatives.put_constant(data.base(), data.reserved_bytes());
    backward.walk(dry_backend, temporaries);  // finds out what is written first
}

DryStep dry_step(const Point& point) {
    const std::unique_ptr<Backend> backend = dry(backend_of(point));
    Net net(point, variant_of(point), shape_of(point), Workspace::imagined(0), Workspace::imagined(1),
            Workspace::imagined(2));
    OpLog log;
    net.record(*backend, &log);
    backend->listen(&log);
    net.backward.walk(*backend, net.temporaries);
    const Tensor& parameters = net.model->parameters().row();
    Workspace optimiser = Workspace::imagined(5);
    const Tensor number = optimiser.take("square_norm", parameters.dtype, {1, 1, 1, 1, 1});
    update_parameters(*backend, {.gradient = net.backward.derivatives.of(parameters),
                                 .square_norm = number,
                                 .parameters = parameters,
                                 .first_moment = parameters,
                                 .second_moment = parameters});
    return {.spans = std::move(log.spans),
            .cache_bytes = net.made.cache_bytes,
            .parameters = net.model->parameters().count(),
            .score_bytes = 2 * net.temporaries.peak_bytes("scores"),
            .workspace_bytes = net.temporaries.peak_bytes() + net.backward.kept_bytes,
            .reserved_bytes = net.temporaries.reserved_bytes() + net.backward.kept_reserved_bytes,
            .learned_bytes = parameters.bytes(),
            .data_bytes = net.data.peak_bytes()};
}

Net make_net(const Point& point, Passes passes, const std::vector<std::int64_t>& heads) {
    const Variant& variant = variant_of(point);
    ModelShape shape = shape_of(point);
    shape.heads = heads;
    const std::unique_ptr<Backend> backend = dry(backend_of(point));
    const auto go = [&](Net& net) {
        if (passes == Passes::both) {
            net.record(*backend);
        } else {
            net.made = net.model->forward(*backend, net.temporaries);
        }
    };
    Net imagined(point, variant, shape, Workspace::imagined(0), Workspace::imagined(1), Workspace::imagined(2));
    go(imagined);
    Net net(point, variant, shape, Workspace::reserve(imagined.learned.reserved_bytes()),
            Workspace::reserve(imagined.data.reserved_bytes()),
            Workspace::reserve(imagined.temporaries.reserved_bytes()));
    go(net);
    return net;
}

}  // namespace headcount
