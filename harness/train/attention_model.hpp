// A model around one layer of attention, written in verbs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/train/model.hpp"

namespace headcount {

class AttentionModel final : public Model {
public:
    AttentionModel(const Point& point, const Variant& variant, const ModelShape& shape, Workspace& learned,
                   Workspace& data);

    void begin(std::uint64_t seed, std::int64_t run) const override;
    Forwarded forward(Backend& backend, Workspace& temporaries) const override;

private:
    enum class Activation : std::uint8_t { relu, gelu };
    /// From rows of one width to rows of another, with weights of its own.
    struct RowMap {
        std::string_view name;
        Map map = Map::none;
        Activation activation = Activation::relu;
        Tensor w1{}, b1{};  ///< of an mlp
        Tensor w2{}, b2{};  ///< but for none
    };
    static std::vector<LearnedMatrix> matrices(const Point& point, const Variant& variant, const ModelShape& shape);
    void find_weights(RowMap& map) const;
    Tensor take(Workspace& temporaries, std::string_view name, std::int64_t rows, std::int64_t cols) const;
    Tensor apply(const RowMap& map, const Tensor& rows, Backend& backend, Workspace& temporaries) const;
    Tensor encoded_queries(Backend& backend, Workspace& temporaries) const;
    Tensor as_batch(const Tensor& rows, std::int64_t len) const;

    Point point_;
    const Variant* variant_;
    ModelShape shape_;
    RowMap keys_map_{.name = "keys"}, queries_map_{.name = "queries"}, readout_{.name = "readout"};
    Tensor query_;  ///< [1, 1, 1, 1, embed_dim], where it is learned
    Tensor ones_;   ///< [1, 1, 1, batch * q_len, 1], for a query that is learned
};

}  // namespace headcount
