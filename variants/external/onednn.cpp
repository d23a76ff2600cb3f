// oneDNN's primitives as an engine (docs/adding.md, "An engine"): answers the harness line by line.
#include <iostream>

#include <nlohmann/json.hpp>

#ifdef HEADCOUNT_HAVE_ONEDNN

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include <unistd.h>

#include "variants/external/onednn_attention.hpp"

namespace onednn_engine {
namespace {

using Json = nlohmann::json;

double processor_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

std::string instruction_set() {
    switch (dnnl::get_effective_cpu_isa()) {
        case dnnl::cpu_isa::sse41: return "SSE4.1";
        case dnnl::cpu_isa::avx: return "AVX";
        case dnnl::cpu_isa::avx2: return "AVX2";
        case dnnl::cpu_isa::avx512_core: return "AVX-512";
        case dnnl::cpu_isa::avx512_core_vnni: return "AVX-512 VNNI";
        case dnnl::cpu_isa::avx512_core_bf16: return "AVX-512 BF16";
        default: return std::to_string(static_cast<int>(dnnl::get_effective_cpu_isa()));
    }
}

/// A descriptor of their own; whatever the library prints (ONEDNN_VERBOSE) goes where errors go.
class Answers {
public:
    Answers() : fd_(dup(STDOUT_FILENO)) { dup2(STDERR_FILENO, STDOUT_FILENO); }
    void say(const Json& answer) const {
        const std::string line = answer.dump() + "\n";
        for (std::size_t done = 0; done < line.size();) {
            const auto wrote = write(fd_, line.data() + done, line.size() - done);
            if (wrote < 0 && errno == EINTR) continue;
            if (wrote <= 0) std::exit(1);  // nobody listens
            done += static_cast<std::size_t>(wrote);
        }
    }

private:
    int fd_;
};

class Engine {
public:
    Json answer(const Json& request) {
        try {
            return {{"ok", serve(request)}};
        } catch (const Unsupported& reason) {
            return {{"unsupported", reason.what()}};
        } catch (const std::exception& error) {  // dnnl::error is one
            return {{"failed", error.what()}};
        }
    }

private:
    struct Handle {
        std::unique_ptr<Attention> attention;
        std::string file;
        std::size_t out = 0;
    };

    Json serve(const Json& request) {
        const auto what = request.at("do").get<std::string>();
        const int handle = request.at("handle").get<int>();
        if (what == "prepare") {
            if (std::to_string(request.at("num_threads").get<int>()) != threads()) {
                throw Unsupported("this process was started for " + threads() + " threads");
            }
            handles_[handle] = {.attention = std::make_unique<Attention>(request, engine_, stream_),
                                .file = request.at("file").get<std::string>(),
                                .out = request.at("tensors").at("out").at("offset").get<std::size_t>()};
            return Json::object();
        }
        const Handle& prepared = handles_.at(handle);
        if (what == "inputs") {
            prepared.attention->read_inputs(prepared.file);
            return Json::object();
        }
        if (what == "run") return run(*prepared.attention, request.at("times").get<int>());
        if (what == "output") {
            prepared.attention->write(prepared.file, prepared.out);
        } else if (what == "free") {
            handles_.erase(handle);
        } else {
            throw std::runtime_error("no request " + what);
        }
        return Json::object();
    }

    static std::string threads() {
        const char* threads = std::getenv("HEADCOUNT_THREADS");
        return threads == nullptr ? "1" : threads;
    }

    static Json run(Attention& attention, int times) {
        const double cpu = processor_seconds();
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < times; ++i) attention.run();
        const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
        return {{"wall_s", wall.count()}, {"cpu_s", processor_seconds() - cpu}};
    }

    dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream_{engine_};
    std::map<int, Handle> handles_;
};

}  // namespace
}  // namespace onednn_engine

int main() {
    onednn_engine::Answers answers;
    const dnnl_version_t* version = dnnl_version();
    const std::string number =
        std::to_string(version->major) + "." + std::to_string(version->minor) + "." + std::to_string(version->patch);
    answers.say({{"protocol", 1},
                 {"rereads", true},
                 {"engine", "oneDNN " + number + ", matmul and softmax primitives"},
                 {"facts", {{"onednn", number}, {"cpu_isa", onednn_engine::instruction_set()}}}});
    onednn_engine::Engine engine;
    for (std::string line; std::getline(std::cin, line);) {
        answers.say(engine.answer(nlohmann::json::parse(line)));
    }
}

#else

int main() {
    std::cout << nlohmann::json{{"missing", "built without oneDNN; install " HEADCOUNT_PACKAGES
                                            ", then configure and build again"}}
              << std::endl;
}

#endif
