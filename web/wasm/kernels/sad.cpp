/** Sum of absolute differences of two blocks: what the encoder's motion search asks most often. */
#include "kernels_api.h"
#include "simd.h"

namespace wsmedia {

namespace {

/** As many rows as fill a vector: 1 of 16 samples, 2 of 8, 4 of 4. */
template <int width>
constexpr int rows_per_vector = 16 / width;

template <int width>
inline v128_t load_rows(const uint8_t* at, int32_t stride) {
  if constexpr (width == 16) return load16(at);
  if constexpr (width == 8) return load8x2(at, at + stride);
  return load4x4(at, stride);
}

/** Sixteen octets added to eight 16-bit sums: at most 16 vectors of 2 × 255 a lane, far from overflow. */
inline v128_t accumulate(v128_t sums, v128_t octets) {
  return wasm_i16x8_add(sums, wasm_u16x8_extadd_pairwise_u8x16(octets));
}

}  // namespace

template <int width, int height>
int32_t sad(uint8_t* a, int32_t stride_a, uint8_t* b, int32_t stride_b) {
  constexpr int step = rows_per_vector<width>;
  v128_t sums = wasm_i16x8_splat(0);
  for (int row = 0; row < height; row += step) {
    sums = accumulate(sums, difference(load_rows<width>(a, stride_a), load_rows<width>(b, stride_b)));
    a += step * stride_a;
    b += step * stride_b;
  }
  return sum16(sums);
}

template <int width, int height>
void sad_four(uint8_t* a, int32_t stride_a, uint8_t* b, int32_t stride_b, int32_t* sums) {
  constexpr int step = rows_per_vector<width>;
  v128_t above = wasm_i16x8_splat(0), below = above, left = above, right = above;
  for (int row = 0; row < height; row += step) {
    const v128_t block = load_rows<width>(a, stride_a);
    above = accumulate(above, difference(block, load_rows<width>(b - stride_b, stride_b)));
    below = accumulate(below, difference(block, load_rows<width>(b + stride_b, stride_b)));
    left = accumulate(left, difference(block, load_rows<width>(b - 1, stride_b)));
    right = accumulate(right, difference(block, load_rows<width>(b + 1, stride_b)));
    a += step * stride_a;
    b += step * stride_b;
  }
  sums[0] = sum16(above);
  sums[1] = sum16(below);
  sums[2] = sum16(left);
  sums[3] = sum16(right);
}

#define FOR_SIZE(width, height)                                              \
  template int32_t sad<width, height>(uint8_t*, int32_t, uint8_t*, int32_t); \
  template void sad_four<width, height>(uint8_t*, int32_t, uint8_t*, int32_t, int32_t*);
FOR_SIZE(16, 16)
FOR_SIZE(16, 8)
FOR_SIZE(8, 16)
FOR_SIZE(8, 8)
FOR_SIZE(8, 4)
FOR_SIZE(4, 8)
FOR_SIZE(4, 4)

}  // namespace wsmedia
