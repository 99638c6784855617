/**
 * Sum of absolute transformed differences (4×4 Hadamard), the encoder's measure of what a prediction would cost.
 *
 * openh264 sums |coefficients| of each 4×4 block and halves it, rounding up. The sixteen coefficients all have the
 * parity of the sum of differences, so that sum is even and the halves may be added up before or after. And |x + y| +
 * |x − y| = 2 max(|x|, |y|): the last stage of the transform and the halving become one maximum.
 */
#include "kernels_api.h"
#include "simd.h"

namespace wsmedia {

namespace {

inline v128_t row_difference(const uint8_t* a, const uint8_t* b) { return wasm_i16x8_sub(load_wide(a), load_wide(b)); }

inline v128_t larger(v128_t a, v128_t b) { return wasm_i16x8_max(wasm_i16x8_abs(a), wasm_i16x8_abs(b)); }

/** Two 4×4 blocks side by side; eight 16-bit lanes whose sum is the SATD. Each is at most 2 × 2040. */
inline v128_t two_blocks(const uint8_t* a, int32_t stride_a, const uint8_t* b, int32_t stride_b) {
  const v128_t d0 = row_difference(a, b), d1 = row_difference(a + stride_a, b + stride_b);
  const v128_t d2 = row_difference(a + 2 * stride_a, b + 2 * stride_b),
               d3 = row_difference(a + 3 * stride_a, b + 3 * stride_b);
  const v128_t sum02 = wasm_i16x8_add(d0, d2), sum13 = wasm_i16x8_add(d1, d3);
  const v128_t minus02 = wasm_i16x8_sub(d0, d2), minus13 = wasm_i16x8_sub(d1, d3);
  v128_t row[4] = {wasm_i16x8_add(sum02, sum13), wasm_i16x8_sub(sum02, sum13), wasm_i16x8_add(minus02, minus13),
                   wasm_i16x8_sub(minus02, minus13)};
  transpose_two_4x4(row);
  return wasm_i16x8_add(larger(wasm_i16x8_add(row[0], row[2]), wasm_i16x8_add(row[1], row[3])),
                        larger(wasm_i16x8_sub(row[0], row[2]), wasm_i16x8_sub(row[1], row[3])));
}

/** One 4×4 block, two rows a vector. */
inline v128_t one_block(const uint8_t* a, int32_t stride_a, const uint8_t* b, int32_t stride_b) {
  const v128_t samples_a = load4x4(a, stride_a), samples_b = load4x4(b, stride_b);
  const v128_t rows01 = wasm_i16x8_sub(wasm_u16x8_extend_low_u8x16(samples_a), wasm_u16x8_extend_low_u8x16(samples_b));
  const v128_t rows23 =
      wasm_i16x8_sub(wasm_u16x8_extend_high_u8x16(samples_a), wasm_u16x8_extend_high_u8x16(samples_b));
  const v128_t sums = wasm_i16x8_add(rows01, rows23), differences = wasm_i16x8_sub(rows01, rows23);
  const v128_t first = low64(sums, differences), second = high64(sums, differences);
  const v128_t even = wasm_i16x8_add(first, second), odd = wasm_i16x8_sub(first, second);
  const v128_t a0 = low16(even, odd), a1 = high16(even, odd);
  const v128_t columns01 = low16(a0, a1), columns23 = high16(a0, a1);
  const v128_t across_sums = wasm_i16x8_add(columns01, columns23),
               across_differences = wasm_i16x8_sub(columns01, columns23);
  return larger(low64(across_sums, across_differences), high64(across_sums, across_differences));
}

}  // namespace

template <int width, int height>
int32_t satd(uint8_t* a, int32_t stride_a, uint8_t* b, int32_t stride_b) {
  // Eight times two blocks, at most 4080 a lane each: below 65536, and summed as unsigned.
  v128_t sums = wasm_i16x8_splat(0);
  for (int row = 0; row < height; row += 4) {
    if constexpr (width == 4) {
      sums = wasm_i16x8_add(sums, one_block(a, stride_a, b, stride_b));
    } else {
      for (int column = 0; column < width; column += 8) {
        sums = wasm_i16x8_add(sums, two_blocks(a + column, stride_a, b + column, stride_b));
      }
    }
    a += 4 * stride_a;
    b += 4 * stride_b;
  }
  return sum16(sums);
}

#define FOR_SIZE(width, height) template int32_t satd<width, height>(uint8_t*, int32_t, uint8_t*, int32_t);
FOR_SIZE(16, 16)
FOR_SIZE(16, 8)
FOR_SIZE(8, 16)
FOR_SIZE(8, 8)
FOR_SIZE(8, 4)
FOR_SIZE(4, 8)
FOR_SIZE(4, 4)

}  // namespace wsmedia
