// The verbs attention is written in. Algorithms call the public verbs; backends supply the private ones.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/core/mask.hpp"
#include "harness/core/op_cost.hpp"
#include "harness/core/point.hpp"
#include "harness/core/tensor.hpp"
#include "harness/core/workspace.hpp"

namespace headcount {

/// Which operand of a product the mask speaks of: scores = Q K^T has it on its output, context = P V on
/// its left operand. A backend may skip masked work; the required ledger never counts it.
enum class Masked : std::uint8_t { nothing, output, left };

struct MatmulOptions {
    std::optional<double> scale;   ///< c = scale * a @ b; without, no multiplication is made or counted
    const Tensor* bias = nullptr;  ///< [1,1,1,1,cols], added to every row of c
    Mask mask;
    Masked masked = Masked::nothing;
};

/// Shapes one `attend` call works on.
struct AttendShape {
    std::int64_t batch, kv_heads, group, q_len, kv_len, head_dim, value_head_dim;
    DType dtype;
    std::int64_t heads() const { return kv_heads * group; }
};

/// Costs of the ingredients of one `attend` call.
struct AttendParts {
    OpCost scores;   ///< q @ k^T
    OpCost scale;    ///< one multiply a score
    OpCost weights;  ///< softmax, without rescaling
    OpCost context;  ///< weights @ v
    OpCost rescale;  ///< of partial results when a later key block raises the row's maximum
};

/// Public functions check shapes, open a trace span with both ledgers, and call the private ones, which
/// only compute. A backend that does not execute (counting) sees null data.
class Backend {
public:
    Backend() = default;
    Backend(const Backend&) = delete;
    Backend& operator=(const Backend&) = delete;
    virtual ~Backend() = default;

    /// c = [scale *] a @ b [+ bias] for every leading index; a leading extent of 1 in a or b broadcasts.
    /// a [.., m, k], b [.., k, n], c [.., m, n], all of one dtype, c overwritten. Throws Error.
    void matmul(std::string_view role, const Tensor& a, const Tensor& b, const Tensor& c,
                const MatmulOptions& options = {});
    /// Row softmax, max-subtracted (Milakov and Gimelshein 2018, alg. 2), in place. Masked scores become 0;
    /// a row without visible keys becomes all zeros.
    void softmax_rows(std::string_view role, Mask mask, const Tensor& scores);
    /// to = from, extents equal: a layout change.
    void copy(std::string_view role, const Tensor& from, const Tensor& to);
    /// out = softmax(scale * q @ k^T + mask) @ v in one pass, without a score matrix (Dao et al. 2022).
    /// q [b, kv_heads, group, q_len, d], k [b, kv_heads, 1, kv_len, d], v [b, kv_heads, 1, kv_len, dv],
    /// out [b, kv_heads, group, q_len, dv]; scratch comes from `workspace` under the name "tile", in
    /// accumulator_of(dtype).
    void attend(std::string_view role, double scale, Mask mask, const Tensor& q, const Tensor& k, const Tensor& v,
                const Tensor& out, Workspace& workspace);

    /// Sends every later verb call to `sink`; null stops. Untraced calls read no clock and build no span.
    void listen(OpSink* sink) { sink_ = sink; }

    virtual bool executes() const { return true; }
    virtual int num_threads() const { return 1; }

    // What this backend's own path does, for the executed ledger. The defaults are dense products and a
    // softmax over visible scores; a backend that skips or repeats work overrides them.
    virtual OpCost executed_matmul(const Tensor& a, const Tensor& b, const Tensor& c,
                                   const MatmulOptions& options) const;
    virtual OpCost executed_scale(const Tensor& a, const Tensor& b, const Tensor& c,
                                  const MatmulOptions& options) const;
    virtual OpCost executed_softmax(Mask mask, const Tensor& scores) const;
    virtual AttendParts executed_attend(const AttendShape& shape, Mask mask) const;
    /// Rows of q that attend keeps in fast memory while all keys stream past; the B_r of docs/flops.md.
    virtual std::int64_t query_block(const AttendShape& shape) const;
    /// Keys that attend takes at a time.
    virtual std::int64_t key_block(const AttendShape& shape) const;
    /// Elements of scratch that attend needs in all, for all threads.
    virtual std::int64_t attend_scratch_elements(const AttendShape& shape) const;

protected:
    /// The default is the readable online-softmax loop.
    virtual void do_attend(double scale, Mask mask, const Tensor& q, const Tensor& k, const Tensor& v,
                           const Tensor& out, const Tensor& scratch);

private:
    virtual void do_matmul(const Tensor& a, const Tensor& b, const Tensor& c, const MatmulOptions& options) = 0;
    virtual void do_softmax_rows(Mask mask, const Tensor& scores) = 0;
    virtual void do_copy(const Tensor& from, const Tensor& to) = 0;

    OpSink* sink_ = nullptr;
};

/// The shape of an attend call on these operands.
AttendShape attend_shape(const Tensor& q, const Tensor& k, const Tensor& v);

/// What a point says of how its backend computes.
struct Execution {
    int num_threads = 1;
    std::int64_t key_block = 0;  ///< keys that attend takes at a time; 0: the backend chooses
};
inline Execution execution_of(const Point& point) {
    return {.num_threads = point.num_threads, .key_block = point.key_block};
}

/// What `backends/x.cpp` defines as `BackendInfo x()`.
struct BackendInfo {
    std::string summary;
    std::string missing;  ///< why it was not built ("CBLAS not found at configure time"); empty when it was
    /// Why this point cannot run (dtype, threads); empty when it can.
    std::string (*unsupported)(const Point& point) = nullptr;
    /// Why this point may use no verb but `attend`; empty, or null, when it may use all.
    std::string (*attends_only)(const Point& point) = nullptr;
    std::unique_ptr<Backend> (*make)(const Execution& execution) = nullptr;
    /// Facts about the library for the environment record, e.g. {"openblas_config", "..."}.
    std::vector<std::pair<std::string, std::string>> (*facts)() = nullptr;
};

}  // namespace headcount
