/** Intra prediction of whole macroblocks, and the encoder's measure of how smooth a macroblock is. */
#include "kernels_api.h"
#include "simd.h"

namespace wsmedia {

namespace {

/** (i + 1) × (after[i] − before[−i]) summed: the slope along one edge of the neighbours (H.264 8.3.3.4, 8.3.4.4). */
template <int count>
inline int32_t slope(const uint8_t* middle, int32_t step) {
  int32_t sum = 0;
  for (int i = 0; i < count; i++) sum += (i + 1) * (middle[(1 + i) * step] - middle[-(1 + i) * step]);
  return sum;
}

inline v128_t ramp() { return wasm_i16x8_const(0, 1, 2, 3, 4, 5, 6, 7); }

}  // namespace

void predict_luma_vertical(uint8_t* to, uint8_t* block, int32_t stride) {
  const v128_t above = load16(block - stride);
  for (int row = 0; row < 16; row++) store16(to + 16 * row, above);
}

void predict_luma_horizontal(uint8_t* to, uint8_t* block, int32_t stride) {
  for (int row = 0; row < 16; row++) store16(to + 16 * row, wasm_v128_load8_splat(block + row * stride - 1));
}

void predict_luma_dc(uint8_t* to, uint8_t* block, int32_t stride) {
  int32_t sum = sum16(wasm_u16x8_extadd_pairwise_u8x16(load16(block - stride)));
  for (int row = 0; row < 16; row++) sum += block[row * stride - 1];
  const v128_t mean = wasm_u8x16_splat(static_cast<uint8_t>((sum + 16) >> 5));
  for (int row = 0; row < 16; row++) store16(to + 16 * row, mean);
}

void predict_luma_plane(uint8_t* to, uint8_t* block, int32_t stride) {
  // All sums keep within 16 bits: 16 × 510 from the corner, 2 × 8 × 717 from the slopes.
  const int32_t across = (5 * slope<8>(block - stride + 7, 1) + 32) >> 6;
  const int32_t down = (5 * slope<8>(block - 1 + 7 * stride, stride) + 32) >> 6;
  const int32_t corner = (block[15 * stride - 1] + block[15 - stride]) << 4;
  v128_t left = wasm_i16x8_add(wasm_i16x8_mul(ramp(), wasm_i16x8_splat(across)),
                               wasm_i16x8_splat(corner - 7 * (across + down) + 16));
  v128_t right = wasm_i16x8_add(left, wasm_i16x8_splat(8 * across));
  for (int row = 0; row < 16; row++) {
    store16(to + 16 * row, wasm_u8x16_narrow_i16x8(wasm_i16x8_shr(left, 5), wasm_i16x8_shr(right, 5)));
    left = wasm_i16x8_add(left, wasm_i16x8_splat(down));
    right = wasm_i16x8_add(right, wasm_i16x8_splat(down));
  }
}

void predict_chroma_plane(uint8_t* to, uint8_t* block, int32_t stride) {
  const int32_t across = (17 * slope<4>(block - stride + 3, 1) + 16) >> 5;
  const int32_t down = (17 * slope<4>(block - 1 + 3 * stride, stride) + 16) >> 5;
  const int32_t corner = (block[7 * stride - 1] + block[7 - stride]) << 4;
  v128_t values = wasm_i16x8_add(wasm_i16x8_mul(ramp(), wasm_i16x8_splat(across)),
                                 wasm_i16x8_splat(corner - 3 * (across + down) + 16));
  for (int row = 0; row < 8; row++) {
    const v128_t shifted = wasm_i16x8_shr(values, 5);
    store8(to + 8 * row, wasm_u8x16_narrow_i16x8(shifted, shifted));
    values = wasm_i16x8_add(values, wasm_i16x8_splat(down));
  }
}

int32_t variance_of_4x4_means(uint8_t* block, int32_t stride) {
  v128_t sums = wasm_i32x4_splat(0), squares = sums;
  for (int row = 0; row < 16; row += 4) {
    v128_t pairs = wasm_u16x8_extadd_pairwise_u8x16(load16(block));
    for (int i = 1; i < 4; i++)
      pairs = wasm_i16x8_add(pairs, wasm_u16x8_extadd_pairwise_u8x16(load16(block + i * stride)));
    const v128_t means = wasm_u32x4_shr(wasm_u32x4_extadd_pairwise_u16x8(pairs), 4);
    sums = wasm_i32x4_add(sums, means);
    squares = wasm_i32x4_add(squares, wasm_i32x4_mul(means, means));
    block += 4 * stride;
  }
  const int32_t sum = sum32(sums);
  return sum32(squares) - ((sum * sum) >> 4);
}

}  // namespace wsmedia
