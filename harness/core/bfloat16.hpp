// The scalar behind DType::bf16.
#pragma once

#include <bit>
#include <cstdint>

namespace headcount {

/// The upper half of an f32: 8 bits of significand, the exponents of f32. For storage only; arithmetic is f32.
class BFloat16 {
public:
    BFloat16() = default;
    /// To nearest, ties to even; beyond the largest finite number infinity, NaN stays NaN.
    explicit BFloat16(float x) : bits_(rounded(std::bit_cast<std::uint32_t>(x))) {}
    explicit operator float() const { return std::bit_cast<float>(std::uint32_t{bits_} << 16U); }

    static BFloat16 from_bits(std::uint16_t bits) {
        BFloat16 x;
        x.bits_ = bits;
        return x;
    }
    std::uint16_t bits() const { return bits_; }

private:
    static std::uint16_t rounded(std::uint32_t x) {
        constexpr std::uint32_t kQuiet = 0x40, kInfinity = 0x7f800000, kSign = 0x80000000;
        if ((x & ~kSign) > kInfinity) return static_cast<std::uint16_t>((x >> 16U) | kQuiet);
        return static_cast<std::uint16_t>((x + 0x7fffU + ((x >> 16U) & 1U)) >> 16U);
    }

    std::uint16_t bits_ = 0;
};
static_assert(sizeof(BFloat16) == 2, "size_in_bytes(DType::bf16)");

}  // namespace headcount
