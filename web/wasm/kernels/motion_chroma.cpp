/** Chroma samples between samples (H.264 8.4.2.2.2): bilinear in eighths, first along the row, then down. Widths 8, 4
 * and 2. */
#include "kernels_api.h"
#include "simd.h"

namespace wsmedia {

namespace {

struct Weights {
  v128_t left, right, above, below;
};

/** A row of eight, weighted by (8 − x) and x: at most 8 × 255. */
inline v128_t along_row(const uint8_t* at, const Weights& w) {
  return wasm_i16x8_add(wasm_i16x8_mul(load_wide(at), w.left), wasm_i16x8_mul(load_wide(at + 1), w.right));
}

template <int columns>
inline void put(uint8_t* to, v128_t samples) {
  if constexpr (columns == 8)
    store8(to, samples);
  else if constexpr (columns == 4)
    store4(to, samples);
  else
    wasm_v128_store16_lane(to, samples, 0);
}

template <int columns>
void interpolate(const uint8_t* from, int32_t from_stride, uint8_t* to, int32_t to_stride, const Weights& w,
                 int32_t height) {
  v128_t above = along_row(from, w);
  for (; height > 0; height--, to += to_stride) {
    from += from_stride;
    const v128_t below = along_row(from, w);
    const v128_t sum = wasm_i16x8_add(wasm_i16x8_mul(above, w.above), wasm_i16x8_mul(below, w.below));
    const v128_t rounded = wasm_i16x8_shr(wasm_i16x8_add(sum, wasm_i16x8_splat(32)), 6);
    put<columns>(to, wasm_u8x16_narrow_i16x8(rounded, rounded));
    above = below;
  }
}

template <int columns>
void copy_columns(const uint8_t* from, int32_t from_stride, uint8_t* to, int32_t to_stride, int32_t height) {
  for (; height > 0; height--, from += from_stride, to += to_stride) __builtin_memcpy(to, from, columns);
}

}  // namespace

void chroma_motion(const uint8_t* from, int32_t from_stride, uint8_t* to, int32_t to_stride, int16_t mv_x, int16_t mv_y,
                   int32_t width, int32_t height) {
  const int16_t x = mv_x & 7, y = mv_y & 7;
  if (x == 0 && y == 0) {
    if (width == 16) {
      copy_columns<16>(from, from_stride, to, to_stride, height);
    } else if (width == 8) {
      copy_columns<8>(from, from_stride, to, to_stride, height);
    } else if (width == 4) {
      copy_columns<4>(from, from_stride, to, to_stride, height);
    } else {
      copy_columns<2>(from, from_stride, to, to_stride, height);
    }
    return;
  }
  const Weights w = {wasm_i16x8_splat(8 - x), wasm_i16x8_splat(x), wasm_i16x8_splat(8 - y), wasm_i16x8_splat(y)};
  if (width == 8)
    interpolate<8>(from, from_stride, to, to_stride, w, height);
  else if (width == 4)
    interpolate<4>(from, from_stride, to, to_stride, w, height);
  else
    interpolate<2>(from, from_stride, to, to_stride, w, height);
}

}  // namespace wsmedia
