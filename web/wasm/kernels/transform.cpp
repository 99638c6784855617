/**
 * The 4×4 core transform of H.264 (8.5.12) and its inverse, two blocks side by side in a vector.
 *
 * Forward, everything is linear and 16 bits wide, so wrapping and the order of rows and columns do not matter.
 * Backward, the halving shifts fix the order (rows first, as in the standard), and the columns use saturating sums
 * where the C code has 32 bits: results are equal for every block whose intermediate values keep within 16 bits,
 * which 8.5.12 demands of a bitstream and the encoder's own blocks always do.
 */
#include "kernels_api.h"
#include "simd.h"

namespace wsmedia {

namespace {

inline v128_t row_difference(const uint8_t* a, const uint8_t* b) { return wasm_i16x8_sub(load_wide(a), load_wide(b)); }

inline v128_t row_difference_4(const uint8_t* a, const uint8_t* b) {
  return wasm_i16x8_sub(wasm_u16x8_extend_low_u8x16(load4(a)), wasm_u16x8_extend_low_u8x16(load4(b)));
}

inline void forward_pass(v128_t v[4]) {
  const v128_t sum03 = wasm_i16x8_add(v[0], v[3]), minus03 = wasm_i16x8_sub(v[0], v[3]);
  const v128_t sum12 = wasm_i16x8_add(v[1], v[2]), minus12 = wasm_i16x8_sub(v[1], v[2]);
  v[0] = wasm_i16x8_add(sum03, sum12);
  v[1] = wasm_i16x8_add(wasm_i16x8_add(minus03, minus03), minus12);
  v[2] = wasm_i16x8_sub(sum03, sum12);
  v[3] = wasm_i16x8_sub(minus03, wasm_i16x8_add(minus12, minus12));
}

/** From columns of two blocks to the blocks' own order in memory, sixteen coefficients each. */
inline void store_left(int16_t* to, const v128_t column[4]) {
  const v128_t a = low16(column[0], column[1]), b = low16(column[2], column[3]);
  store16(to, low32(a, b));
  store16(to + 8, high32(a, b));
}

inline void store_right(int16_t* to, const v128_t column[4]) {
  const v128_t a = high16(column[0], column[1]), b = high16(column[2], column[3]);
  store16(to, low32(a, b));
  store16(to + 8, high32(a, b));
}

inline void forward_two(int16_t* coefficients, const uint8_t* a, int32_t stride_a, const uint8_t* b, int32_t stride_b) {
  v128_t v[4];
  for (int i = 0; i < 4; i++) v[i] = row_difference(a + i * stride_a, b + i * stride_b);
  forward_pass(v);
  transpose_two_4x4(v);
  forward_pass(v);
  store_left(coefficients, v);
  store_right(coefficients + 16, v);
}

/** Columns of the left block in the low halves; those of the right one, if there is one, in the high halves. */
struct Columns {
  v128_t v[4];
};

inline Columns load_columns(v128_t left01, v128_t left23, v128_t right01, v128_t right23) {
  const v128_t left_a = low16(left01, left23), left_b = high16(left01, left23);
  const v128_t right_a = low16(right01, right23), right_b = high16(right01, right23);
  const v128_t left_c01 = low16(left_a, left_b), left_c23 = high16(left_a, left_b);
  const v128_t right_c01 = low16(right_a, right_b), right_c23 = high16(right_a, right_b);
  return {{low64(left_c01, right_c01), high64(left_c01, right_c01), low64(left_c23, right_c23),
           high64(left_c23, right_c23)}};
}

inline void inverse_rows(v128_t v[4]) {
  const v128_t sum = wasm_i16x8_add(v[0], v[2]), minus = wasm_i16x8_sub(v[0], v[2]);
  const v128_t outer = wasm_i16x8_add(v[1], wasm_i16x8_shr(v[3], 1)),
               inner = wasm_i16x8_sub(wasm_i16x8_shr(v[1], 1), v[3]);
  v[0] = wasm_i16x8_add(sum, outer);
  v[1] = wasm_i16x8_add(minus, inner);
  v[2] = wasm_i16x8_sub(minus, inner);
  v[3] = wasm_i16x8_sub(sum, outer);
}

inline void inverse_columns(v128_t v[4]) {
  const v128_t half = wasm_i16x8_splat(32);
  const v128_t sum = wasm_i16x8_add_sat(wasm_i16x8_add_sat(v[0], v[2]), half);
  const v128_t minus = wasm_i16x8_add_sat(wasm_i16x8_sub_sat(v[0], v[2]), half);
  const v128_t outer = wasm_i16x8_add_sat(v[1], wasm_i16x8_shr(v[3], 1));
  const v128_t inner = wasm_i16x8_sub_sat(wasm_i16x8_shr(v[1], 1), v[3]);
  v[0] = wasm_i16x8_shr(wasm_i16x8_add_sat(sum, outer), 6);
  v[1] = wasm_i16x8_shr(wasm_i16x8_add_sat(minus, inner), 6);
  v[2] = wasm_i16x8_shr(wasm_i16x8_sub_sat(minus, inner), 6);
  v[3] = wasm_i16x8_shr(wasm_i16x8_sub_sat(sum, outer), 6);
}

inline void inverse(Columns& block) {
  inverse_rows(block.v);
  transpose_two_4x4(block.v);
  inverse_columns(block.v);
}

inline v128_t clip(v128_t wide) { return wasm_u8x16_narrow_i16x8(wide, wide); }

inline void add_two(uint8_t* out, int32_t stride, const uint8_t* prediction, int32_t prediction_stride, Columns block) {
  inverse(block);
  for (int i = 0; i < 4; i++) {
    store8(out + i * stride, clip(wasm_i16x8_add(block.v[i], load_wide(prediction + i * prediction_stride))));
  }
}

inline void inverse_two(uint8_t* out, int32_t stride, const uint8_t* prediction, int32_t prediction_stride,
                        const int16_t* coefficients) {
  add_two(out, stride, prediction, prediction_stride,
          load_columns(load16(coefficients), load16(coefficients + 8), load16(coefficients + 16),
                       load16(coefficients + 24)));
}

}  // namespace

void forward_4x4(int16_t* coefficients, uint8_t* a, int32_t stride_a, uint8_t* b, int32_t stride_b) {
  v128_t v[4];
  for (int i = 0; i < 4; i++) v[i] = row_difference_4(a + i * stride_a, b + i * stride_b);
  forward_pass(v);
  transpose_two_4x4(v);
  forward_pass(v);
  store_left(coefficients, v);
}

void forward_four_4x4(int16_t* coefficients, uint8_t* a, int32_t stride_a, uint8_t* b, int32_t stride_b) {
  forward_two(coefficients, a, stride_a, b, stride_b);
  forward_two(coefficients + 32, a + 4 * stride_a, stride_a, b + 4 * stride_b, stride_b);
}

void inverse_4x4(uint8_t* out, int32_t stride, uint8_t* prediction, int32_t prediction_stride, int16_t* coefficients) {
  const v128_t rows01 = load16(coefficients), rows23 = load16(coefficients + 8);
  Columns block = load_columns(rows01, rows23, rows01, rows23);
  inverse(block);
  for (int i = 0; i < 4; i++) {
    const v128_t predicted = wasm_u16x8_extend_low_u8x16(load4(prediction + i * prediction_stride));
    store4(out + i * stride, clip(wasm_i16x8_add(block.v[i], predicted)));
  }
}

void inverse_four_4x4(uint8_t* out, int32_t stride, uint8_t* prediction, int32_t prediction_stride,
                      int16_t* coefficients) {
  inverse_two(out, stride, prediction, prediction_stride, coefficients);
  inverse_two(out + 4 * stride, stride, prediction + 4 * prediction_stride, prediction_stride, coefficients + 32);
}

void inverse_16x16_dc(uint8_t* out, int32_t stride, uint8_t* prediction, int32_t prediction_stride, int16_t* dc) {
  for (int row = 0; row < 16; row += 4) {
    const v128_t four = wasm_i16x8_shr(wasm_i16x8_add_sat(load8(dc + row), wasm_i16x8_splat(32)), 6);
    const v128_t left = wasm_i16x8_shuffle(four, four, 0, 0, 0, 0, 1, 1, 1, 1);
    const v128_t right = wasm_i16x8_shuffle(four, four, 2, 2, 2, 2, 3, 3, 3, 3);
    for (int i = 0; i < 4; i++) {
      store16(out, wasm_u8x16_narrow_i16x8(wasm_i16x8_add(left, load_wide(prediction)),
                                           wasm_i16x8_add(right, load_wide(prediction + 8))));
      out += stride;
      prediction += prediction_stride;
    }
  }
}

void inverse_4x4_in_place(uint8_t* samples, int32_t stride, int16_t* coefficients) {
  inverse_4x4(samples, stride, samples, stride, coefficients);
}

void inverse_four_4x4_in_place(uint8_t* samples, int32_t stride, int16_t* coefficients, const int8_t* nonzero_counts) {
  const v128_t none = wasm_i16x8_splat(0);
  for (int row = 0; row < 2; row++) {
    // The counts stand in the decoder's neighbour cache, four a row. A lone DC is not counted.
    const bool left = nonzero_counts[4 * row] != 0 || coefficients[0] != 0;
    const bool right = nonzero_counts[4 * row + 1] != 0 || coefficients[16] != 0;
    if (left && right) {
      inverse_two(samples, stride, samples, stride, coefficients);
    } else if (left) {
      add_two(samples, stride, samples, stride,
              load_columns(load16(coefficients), load16(coefficients + 8), none, none));
    } else if (right) {
      add_two(samples, stride, samples, stride,
              load_columns(none, none, load16(coefficients + 16), load16(coefficients + 24)));
    }
    samples += 4 * stride;
    coefficients += 32;
  }
}

}  // namespace wsmedia
