/**
 * The few vector idioms that the kernels share: loads and stores of less than a vector, halves, interleaves, transposes
 * and sums.
 *
 * Everything here is inlined; names say what happens to the lanes. A "row" is a run of 8-bit samples; a "wide" vector
 * holds eight 16-bit values. Loads may have any alignment.
 */
#ifndef WSMEDIA_KERNELS_SIMD_H
#define WSMEDIA_KERNELS_SIMD_H

#include <stdint.h>
#include <wasm_simd128.h>

namespace wsmedia {

static inline v128_t load16(const void* at) { return wasm_v128_load(at); }
static inline v128_t load8(const void* at) { return wasm_v128_load64_zero(at); }
static inline v128_t load4(const void* at) { return wasm_v128_load32_zero(at); }

/** Two runs of eight samples in one vector. */
static inline v128_t load8x2(const void* low, const void* high) { return wasm_v128_load64_lane(high, load8(low), 1); }

/** Four runs of four samples in one vector; they stand `stride` octets apart. */
static inline v128_t load4x4(const uint8_t* at, int32_t stride) {
  v128_t rows = load4(at);
  rows = wasm_v128_load32_lane(at + stride, rows, 1);
  rows = wasm_v128_load32_lane(at + 2 * stride, rows, 2);
  return wasm_v128_load32_lane(at + 3 * stride, rows, 3);
}

/** Eight samples as 16-bit values. Kernels that need four take eight too: what follows a block in memory is never the
 * memory's end. */
static inline v128_t load_wide(const void* at) { return wasm_u16x8_load8x8(at); }

static inline void store16(void* at, v128_t value) { wasm_v128_store(at, value); }
static inline void store8(void* at, v128_t value) { wasm_v128_store64_lane(at, value, 0); }
static inline void store8_high(void* at, v128_t value) { wasm_v128_store64_lane(at, value, 1); }
static inline void store4(void* at, v128_t value) { wasm_v128_store32_lane(at, value, 0); }

static inline v128_t low16(v128_t a, v128_t b) { return wasm_i16x8_shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11); }
static inline v128_t high16(v128_t a, v128_t b) { return wasm_i16x8_shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15); }
static inline v128_t low32(v128_t a, v128_t b) { return wasm_i32x4_shuffle(a, b, 0, 4, 1, 5); }
static inline v128_t high32(v128_t a, v128_t b) { return wasm_i32x4_shuffle(a, b, 2, 6, 3, 7); }
static inline v128_t low64(v128_t a, v128_t b) { return wasm_i64x2_shuffle(a, b, 0, 2); }
static inline v128_t high64(v128_t a, v128_t b) { return wasm_i64x2_shuffle(a, b, 1, 3); }
static inline v128_t low_octets(v128_t a, v128_t b) {
  return wasm_i8x16_shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
static inline v128_t high_octets(v128_t a, v128_t b) {
  return wasm_i8x16_shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/** |a - b| of unsigned octets: one of the two saturated differences is zero. */
static inline v128_t difference(v128_t a, v128_t b) {
  return wasm_v128_or(wasm_u8x16_sub_sat(a, b), wasm_u8x16_sub_sat(b, a));
}

/** Sum of four 32-bit lanes. */
static inline int32_t sum32(v128_t v) {
  v = wasm_i32x4_add(v, wasm_i32x4_shuffle(v, v, 2, 3, 0, 1));
  return wasm_i32x4_extract_lane(v, 0) + wasm_i32x4_extract_lane(v, 1);
}

/** Sum of eight unsigned 16-bit lanes. */
static inline int32_t sum16(v128_t v) { return sum32(wasm_u32x4_extadd_pairwise_u16x8(v)); }

/** Two 4×4 matrices side by side, `row[i]` = row i of the left one, then row i of the right one: transposes both in
 * place. */
static inline void transpose_two_4x4(v128_t row[4]) {
  const v128_t left01 = low16(row[0], row[1]), left23 = low16(row[2], row[3]);
  const v128_t right01 = high16(row[0], row[1]), right23 = high16(row[2], row[3]);
  const v128_t left_a = low32(left01, left23), left_b = high32(left01, left23);
  const v128_t right_a = low32(right01, right23), right_b = high32(right01, right23);
  row[0] = low64(left_a, right_a);
  row[1] = high64(left_a, right_a);
  row[2] = low64(left_b, right_b);
  row[3] = high64(left_b, right_b);
}

}  // namespace wsmedia

#endif
