/**
 * Sums of square blocks at every place of a picture: by them the encoder finds where a piece of a screen has moved to.
 *
 * The C functions add up each block anew. Here eight neighbouring blocks share their columns' sums, and the sums of
 * eight columns come from three rounds of adding a vector to itself, shifted by one, two and four.
 */
#include "kernels_api.h"
#include "simd.h"

namespace wsmedia {

namespace {

/** Sums of eight columns, `rows` rows down: at most 16 × 255. */
template <int rows>
inline v128_t column_sums(const uint8_t* at, int32_t stride) {
  v128_t sums = load_wide(at);
  for (int row = 1; row < rows; row++) sums = wasm_i16x8_add(sums, load_wide(at + row * stride));
  return sums;
}

/** Lane i: the sum of lanes i … i + 7 of both vectors behind each other. */
inline v128_t eight_lane_sums(v128_t a, v128_t b) {
  const v128_t none = wasm_i16x8_splat(0);
  a = wasm_i16x8_add(a, wasm_i16x8_shuffle(a, b, 1, 2, 3, 4, 5, 6, 7, 8));
  b = wasm_i16x8_add(b, wasm_i16x8_shuffle(b, none, 1, 2, 3, 4, 5, 6, 7, 8));
  a = wasm_i16x8_add(a, wasm_i16x8_shuffle(a, b, 2, 3, 4, 5, 6, 7, 8, 9));
  b = wasm_i16x8_add(b, wasm_i16x8_shuffle(b, none, 2, 3, 4, 5, 6, 7, 8, 9));
  return wasm_i16x8_add(a, wasm_i16x8_shuffle(a, b, 4, 5, 6, 7, 8, 9, 10, 11));
}

}  // namespace

template <int size>
int32_t block_sum(uint8_t* block, int32_t stride) {
  v128_t sums = wasm_i16x8_splat(0);
  for (int row = 0; row < size; row++, block += stride) {
    sums = wasm_i16x8_add(sums, wasm_u16x8_extadd_pairwise_u8x16(size == 16 ? load16(block) : load8(block)));
  }
  return sum16(sums);
}

template <int size>
void block_sums_of_picture(uint8_t* picture, int32_t width, int32_t height, int32_t stride, uint16_t* sums,
                           uint32_t* times) {
  for (int32_t y = 0; y < height; y++, picture += stride, sums += width) {
    int32_t x = 0;
    v128_t a = wasm_i16x8_splat(0), b = a;
    if (width >= 8) a = column_sums<size>(picture, stride);
    if (size == 16 && width >= 8) b = column_sums<size>(picture + 8, stride);
    for (; x + 8 <= width; x += 8) {
      v128_t found;
      if constexpr (size == 16) {
        const v128_t c = column_sums<size>(picture + x + 16, stride);
        found = wasm_i16x8_add(eight_lane_sums(a, b), eight_lane_sums(b, c));
        a = b;
        b = c;
      } else {
        b = column_sums<size>(picture + x + 8, stride);
        found = eight_lane_sums(a, b);
        a = b;
      }
      store16(sums + x, found);
      for (int32_t i = 0; i < 8; i++) times[sums[x + i]]++;
    }
    for (; x < width; x++) {
      sums[x] = static_cast<uint16_t>(block_sum<size>(picture + x, stride));
      times[sums[x]]++;
    }
  }
}

template int32_t block_sum<8>(uint8_t*, int32_t);
template int32_t block_sum<16>(uint8_t*, int32_t);
template void block_sums_of_picture<8>(uint8_t*, int32_t, int32_t, int32_t, uint16_t*, uint32_t*);
template void block_sums_of_picture<16>(uint8_t*, int32_t, int32_t, int32_t, uint16_t*, uint32_t*);

}  // namespace wsmedia
