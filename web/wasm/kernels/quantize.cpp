/**
 * Quantisation of the encoder's coefficients, (|c| + rounding) × factor >> 16 with the sign of c, and its undoing.
 *
 * |c| + rounding is at most 32768 + 767 and a factor at most 26214: the sum fits 16 unsigned bits and the product 32.
 */
#include "kernels_api.h"
#include "simd.h"

namespace wsmedia {

namespace {

inline v128_t magnitudes(v128_t values, v128_t rounding, v128_t factor) {
  const v128_t sums = wasm_i16x8_add(wasm_i16x8_abs(values), rounding);
  return wasm_u16x8_narrow_i32x4(wasm_u32x4_shr(wasm_u32x4_extmul_low_u16x8(sums, factor), 16),
                                 wasm_u32x4_shr(wasm_u32x4_extmul_high_u16x8(sums, factor), 16));
}

inline v128_t with_sign_of(v128_t magnitude, v128_t values) {
  const v128_t sign = wasm_i16x8_shr(values, 15);
  return wasm_i16x8_sub(wasm_v128_xor(magnitude, sign), sign);
}

inline void quantize_eight(int16_t* at, v128_t rounding, v128_t factor) {
  const v128_t values = load16(at);
  store16(at, with_sign_of(magnitudes(values, rounding, factor), values));
}

/** Quantises one block and gives, in each lane, the larger of two of its magnitudes. */
inline v128_t quantize_block(int16_t* at, v128_t rounding, v128_t factor) {
  const v128_t low = load16(at), high = load16(at + 8);
  const v128_t low_magnitudes = magnitudes(low, rounding, factor), high_magnitudes = magnitudes(high, rounding, factor);
  store16(at, with_sign_of(low_magnitudes, low));
  store16(at + 8, with_sign_of(high_magnitudes, high));
  return wasm_i16x8_max(low_magnitudes, high_magnitudes);
}

template <int count>
inline void quantize(int16_t* at, v128_t rounding, v128_t factor) {
  for (int i = 0; i < count; i += 8) quantize_eight(at + i, rounding, factor);
}

template <int count>
inline void dequantize(int16_t* at, const uint16_t* factors) {
  const v128_t factor = load16(factors);
  for (int i = 0; i < count; i += 8) store16(at + i, wasm_i16x8_mul(load16(at + i), factor));
}

}  // namespace

void quantize_4x4(int16_t* coefficients, const int16_t* rounding, const int16_t* factor) {
  quantize<16>(coefficients, load16(rounding), load16(factor));
}

void quantize_dc_4x4(int16_t* coefficients, int16_t rounding, int16_t factor) {
  quantize<16>(coefficients, wasm_i16x8_splat(rounding), wasm_i16x8_splat(factor));
}

void quantize_four_4x4(int16_t* coefficients, const int16_t* rounding, const int16_t* factor) {
  quantize<64>(coefficients, load16(rounding), load16(factor));
}

void quantize_four_4x4_max(int16_t* coefficients, const int16_t* rounding, const int16_t* factor, int16_t* largest) {
  const v128_t rounding_8 = load16(rounding), factor_8 = load16(factor);
  const v128_t a = quantize_block(coefficients, rounding_8, factor_8),
               b = quantize_block(coefficients + 16, rounding_8, factor_8);
  const v128_t c = quantize_block(coefficients + 32, rounding_8, factor_8);
  const v128_t d = quantize_block(coefficients + 48, rounding_8, factor_8);
  const v128_t ab = wasm_i16x8_max(low16(a, b), high16(a, b)), cd = wasm_i16x8_max(low16(c, d), high16(c, d));
  const v128_t abcd = wasm_i16x8_max(low32(ab, cd), high32(ab, cd));
  store8(largest, wasm_i16x8_max(abcd, high64(abcd, abcd)));
}

void dequantize_4x4(int16_t* coefficients, const uint16_t* factor) { dequantize<16>(coefficients, factor); }

void dequantize_four_4x4(int16_t* coefficients, const uint16_t* factor) { dequantize<64>(coefficients, factor); }

}  // namespace wsmedia
