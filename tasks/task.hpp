// What a task is: examples that are drawn from a seed, and the shape of the model that learns them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/core/field.hpp"
#include "harness/core/point.hpp"
#include "tasks/draw.hpp"

namespace headcount {

/// How rows of one width become rows of another.
enum class Map : std::uint8_t {
    none,    ///< they stay as they are
    linear,  ///< a matrix and a bias
    mlp,     ///< two of these, with an activation between them
};

/// Which part of its examples a task with a fixed store of them takes one from. Tasks that make examples from random
/// numbers need not look: those of each part are others anyway.
enum class Split : std::uint8_t { train, validation, test };

/// What is learned. With layers == 0: one layer of attention without residual, norm or positions: rows of keys and of
/// queries are encoded to embed_dim columns, attend (Variant::forward in layer scope), and what each query found is
/// read out. The encoder's activation is ReLU, the readout's GELU.
struct ModelShape {
    std::int64_t key_width = 1;     ///< columns of a key row as the task gives it
    std::int64_t query_width = 0;   ///< likewise; 0: the query is learned and the same for all examples
    std::int64_t target_width = 1;  ///< numbers that each query has to find
    Map encoder = Map::linear, readout = Map::linear;
    std::int64_t hidden = 0;  ///< columns between the two matrices of an mlp
    /// Above 0: a decoder of so many layers (harness/train/decoder.hpp), whose keys and targets are numbers of tokens.
    std::int64_t layers = 0;
    std::int64_t vocabulary = 0;  ///< tokens that a decoder knows
    /// Of each layer of attention, when not all have as many as the point; no task says so. They keep their head_dim.
    std::vector<std::int64_t> heads = {};
};

/// Where one example goes, row by row: keys [kv_len, key_width], queries [q_len, query_width], targets [q_len,
/// target_width]. All are 0 before.
struct Example {
    std::span<double> keys, queries, targets;
    Split split = Split::train;
};

/// The examples of one run, whose constants (directions, relations) are fixed.
class Examples {
public:
    Examples() = default;
    Examples(const Examples&) = delete;
    Examples& operator=(const Examples&) = delete;
    virtual ~Examples() = default;
    virtual void next(Draw& draw, const Example& into) const = 0;
};

/// What `tasks/x.cpp` defines as `Task x()`. The loss is the mean squared error, and the error that is reported that
/// over the variance of the targets (NMSE): 1 is as good as knowing their mean, 0 is perfect. Of a decoder the loss is
/// the cross-entropy in nats, and the error that in bits a token.
struct Task {
    std::string summary;          ///< one line for `headcount list tasks`
    std::string source;           ///< where the task comes from
    std::vector<Field> own = {};  ///< options of its own (core/options.hpp)
    ModelShape (*model)(const Point& point) = nullptr;
    /// `constants` is for what all examples of a run have in common.
    std::unique_ptr<Examples> (*examples)(const Point& point, Draw& constants) = nullptr;
    /// Why this point is no such task; empty when it is. Null: it always is.
    std::string (*unsupported)(const Point& point) = nullptr;
};

}  // namespace headcount
