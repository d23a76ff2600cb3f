// Training: gradients of the whole model, repeatability, the work of a step, and that something is learned.
#include "harness/train/trainer.hpp"

#include <cmath>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "harness/backend/all.hpp"
#include "harness/core/error.hpp"
#include "harness/core/field_table.hpp"
#include "tasks/all.hpp"
#include "tests/catch.hpp"
#include "tests/slow_build.hpp"
#include "tests/train/points.hpp"
#include "variants/all.hpp"

using namespace headcount;
using namespace headcount::testing;
using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;

namespace {

double* numbers(const Tensor& t) { return static_cast<double*>(t.data); }

/// Keys, queries and targets of a batch, at random; numbers of tokens for a decoder, whose loss is steeper.
void fill_batch(const Net& net, bool tokens) {
    std::mt19937 random(5);
    if (tokens) {
        for (const Tensor& t : {net.model->keys(), net.model->targets()}) {
            for (std::int64_t i = 0; i < t.elements(); ++i) numbers(t)[i] = static_cast<double>(random() % 256);
        }
        return;
    }
    std::normal_distribution<double> normal;
    for (const Tensor& t : {net.model->keys(), net.model->queries(), net.model->targets()}) {
        for (std::int64_t i = 0; t.data != nullptr && i < t.elements(); ++i) numbers(t)[i] = normal(random);
    }
}

double loss_of(Net& net, Backend& backend) {
    net.temporaries.reset();
    net.model->forward(backend, net.temporaries);
    return *numbers(net.made.loss);
}

std::int64_t matmul_multiplies(const DryStep& step) {
    std::int64_t sum = 0;
    for (const OpSpan& span : step.spans) {
        for (const OpPart& part : span.parts) sum += part.op == "matmul" ? part.required.multiplies : 0;
    }
    return sum;
}

}  // namespace

TEST_CASE("the gradient of a model's loss is that of finite differences, for every variant and task") {
    for (const auto& [name, variant] : all_variants()) {
        for (const std::string task : {"d_retrieval,q_len=1,kv_len=4", "nearest_neighbour,q_len=2,kv_len=5",
                                       "k_lookup,q_len=2,kv_len=5,items=2,token_width=3,bias=true",
                                       "next_byte,seq_len=3,causal=true,layers=2,ffn_factor=1"}) {
            for (const int heads : {1, 2}) {
                const std::string id = name + "/naive/task=" + task + ",batch=3,embed_dim=4,dtype=f64,test_examples=3" +
                                       ",num_heads=" + std::to_string(heads);
                const Point p = trained_point(id);
                if (!why_unsupported(variant, p).empty()) continue;
                CAPTURE(id);
                Trainer trainer(p);
                Net& net = trainer.net();
                fill_batch(net, p.task == "next_byte");
                // A norm of numbers that are small bends too much for differences.
                for (const char* of : {"tokens", "positions"}) {
                    if (p.task != "next_byte") break;
                    const Tensor& table = net.model->parameters().at(of);
                    for (std::int64_t i = 0; i < table.elements(); ++i) numbers(table)[i] *= 50;
                }
                Backend& backend = trainer.backend();
                loss_of(net, backend);
                net.backward.walk(backend, net.temporaries);
                const Tensor& parameters = net.model->parameters().row();
                const Tensor gradient = net.backward.derivatives.of(parameters);
                const std::vector<double> found(numbers(gradient), numbers(gradient) + gradient.elements());
                constexpr double kStep = 1e-6;
                Thinned cases(31);
                double largest = 0;
                for (std::int64_t i = 0; i < parameters.elements(); ++i) {
                    if (!cases.takes_next()) continue;
                    double& x = numbers(parameters)[i];
                    const double here = x;
                    x = here + kStep;
                    const double above = loss_of(net, backend);
                    x = here - kStep;
                    const double below = loss_of(net, backend);
                    x = here;
                    CAPTURE(i);
                    const double expected = (above - below) / (2 * kStep);
                    CHECK_THAT(found[static_cast<std::size_t>(i)],
                               WithinAbs(expected, 2e-8 * (1 + std::abs(expected))));
                    largest = std::max(largest, std::abs(found[static_cast<std::size_t>(i)]));
                }
                CHECK(largest > 1e-3);
            }
        }
    }
}

TEST_CASE("equal runs are equal bit for bit, other runs and rates are others") {
    for (const std::string backend : {"naive", "simd"}) {
        for (const std::string threads : {"", ",num_threads=2"}) {
            if (backend == "naive" && !threads.empty()) continue;
            Trainer one(trained_point("multi_head/" + backend + "/" + kRetrieval + threads));
            Trainer other(trained_point("multi_head/" + backend + "/" + kRetrieval + threads));
            const Training first = one.train(0, 0.003);
            one.train(1, 0.01);
            const Training again = one.train(0, 0.003), elsewhere = other.train(0, 0.003);
            for (const Training* same : {&again, &elsewhere}) {
                CHECK(same->test_error == first.test_error);
                CHECK(same->validation_error == first.validation_error);
                CHECK(same->curve == first.curve);
            }
            CHECK(one.train(1, 0.003).test_error != first.test_error);
            CHECK(one.train(-1, 0.003).test_error != first.test_error);
            CHECK(one.train(0, 0.01).test_error != first.test_error);
            CHECK(first.curve.size() == 20);
        }
    }
}

TEST_CASE("a step that is repeated for a clock changes nothing that is learned") {
    Trainer trainer(trained_point("multi_head/naive/" + kRetrieval + ",dtype=f64"));
    trainer.train(0, 0.003);
    const Tensor& parameters = trainer.net().model->parameters().row();
    const std::vector<double> before(numbers(parameters), numbers(parameters) + parameters.elements());
    trainer.step_again();
    CHECK(std::vector<double>(numbers(parameters), numbers(parameters) + parameters.elements()) == before);
}

TEST_CASE("a model with as many heads as there are maxima learns them; its error is that of the mean at first") {
    const std::string id =
        "streaming/simd/task=d_retrieval,batch=64,q_len=1,kv_len=4,embed_dim=16,num_heads=2,items=2,"
        "learning_rate=0.01,train_examples=2048,test_examples=512,";
    const double after = Trainer(trained_point(id + "steps=600")).train(0, 0.01).test_error;
    const double before = Trainer(trained_point(id + "steps=1")).train(0, 0.0001).test_error;
    CHECK(before > 0.5);
    CHECK(after < 0.02);
    CHECK(after > 0);
}

TEST_CASE("a decoder learns text: from eight bits a byte towards fewer, the same whatever the threads") {
    const std::string id =
        "multi_head/simd/task=next_byte,batch=16,seq_len=32,causal=true,embed_dim=32,num_heads=4,layers=2,steps=150,"
        "learning_rate=0.003,train_examples=2048,test_examples=128";
    const Training one = Trainer(trained_point(id)).train(0, 0.003);
    CHECK(one.curve.front() > 5);  // nats
    CHECK(one.test_error < 4.2);   // bits
    CHECK(one.test_error > 1);
    CHECK(Trainer(trained_point(id)).train(0, 0.003).curve == one.curve);
    CHECK(Trainer(trained_point("packed_qkv" + id.substr(10) + ",num_threads=2")).train(0, 0.003).test_error < 4.2);
}

TEST_CASE("a decoder that could see what it has to tell is refused") {
    CHECK_THAT(why_no_training(trained_point("multi_head/naive/task=next_byte,seq_len=8,embed_dim=8")),
               Contains("set causal to true"));
    CHECK_THAT(
        why_no_training(trained_point("multi_head/naive/task=next_byte,q_len=1,kv_len=8,causal=true,embed_dim=8")),
        Contains("q_len == kv_len"));
}

TEST_CASE("a rate that is far too high is seen to diverge, and its errors are infinite") {
    Trainer trainer(trained_point("multi_head/naive/" + kRetrieval));
    const Training training = trainer.train(0, 1e30);
    CHECK(training.diverged_at > 0);
    CHECK(std::isinf(training.test_error));
    CHECK(std::isfinite(trainer.train(0, 0.003).test_error));
}

TEST_CASE("products of a step take three times those of a forward pass, but for rows that nothing is learned of") {
    const std::int64_t batch = 16, q = 1, kv = 6, e = 8, hidden = 32, width = 4;
    for (const std::string variant : {"multi_head", "streaming", "packed_qkv"}) {
        for (const int heads : {1, 2, 4}) {
            const std::string id = variant + "/simd/task=d_retrieval,batch=16,q_len=1,kv_len=6,embed_dim=8,num_heads=" +
                                   std::to_string(heads);
            if (!why_unsupported(find_named(all_variants(), variant, "variant"), trained_point(id)).empty()) continue;
            const DryStep step = dry_step(trained_point(id));
            const std::int64_t into_hidden = batch * kv * width * hidden, from_hidden = batch * kv * hidden * e;
            const std::int64_t query = batch * q * e, projections = batch * e * e * (2 * q + 2 * kv);
            const std::int64_t core = 2 * batch * q * kv * e;
            const std::int64_t readout = batch * q * (e * hidden + hidden);
            const std::int64_t expected =
                2 * into_hidden + 3 * from_hidden + 2 * query + 3 * projections + 3 * core + 3 * readout;
            CAPTURE(id);
            CHECK(matmul_multiplies(step) == expected);
            CHECK(step.parameters ==
                  width * hidden + hidden + hidden * e + e + e + 4 * e * e + e * hidden + hidden + hidden + 1);
            CHECK(step.cache_bytes == 2 * batch * kv * e * 4);
        }
    }
}

TEST_CASE("what is predicted of the memory of a step is what it takes") {
    for (const std::string variant : {"multi_head", "streaming"}) {
        const Point p = trained_point(variant + "/simd/" + kRetrieval);
        Trainer trainer(p);
        trainer.step_again();
        CHECK(trainer.temporaries_bytes() == dry_step(p).workspace_bytes);
    }
}

TEST_CASE("a point that cannot be trained says why") {
    const auto why = [](const std::string& more) { return why_no_training(trained_point("multi_head/simd/" + more)); };
    CHECK(why(kRetrieval).empty());
    CHECK_THAT(why(kRetrieval + ",pass=both"), Contains("leave pass out"));
    CHECK_THAT(why(kRetrieval + ",scope=core"), Contains("leave scope out"));
    CHECK_THAT(why("task=d_retrieval,q_len=2,kv_len=6,embed_dim=8"), Contains("set q_len to 1"));
    CHECK_THAT(why("task=nearest_neighbour,seq_len=6,embed_dim=8"), Contains("q_len != kv_len"));
    CHECK_THAT(why("task=k_lookup,q_len=1,kv_len=3,embed_dim=8"), Contains("kv_len must be as many"));
    CHECK_THAT(why("task=relation_recall,q_len=4,kv_len=7,embed_dim=8,relations=2"), Contains("q_len * relations"));
    CHECK_THAT(why("task=d_retrieval,batch=60,q_len=1,kv_len=6,embed_dim=8"), Contains("multiple of batch"));
    CHECK_THROWS_AS(trained_point("multi_head/simd/q_len=1,kv_len=6,embed_dim=8,steps=3"), UsageError);
}
