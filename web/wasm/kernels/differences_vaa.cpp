/**
 * What the encoder's preprocessing measures between two pictures: for every 8×8 block the sum and the largest of the
 * absolute differences and the sum of the signed ones, and for every macroblock sum, squares and squared differences.
 *
 * openh264 calls these by name once a picture. Here the C functions are compiled as upstream_… (renames.txt), and the
 * names are ours: they choose by wsmedia_kernels_on.
 */
#include "kernels.h"
#include "kernels/simd.h"
#include "vaacalculation.h"

WELSVP_NAMESPACE_BEGIN

VAACalcSadFunc upstream_VAACalcSad_c;
VAACalcSadBgdFunc upstream_VAACalcSadBgd_c;
VAACalcSadSsdFunc upstream_VAACalcSadSsd_c;
VAACalcSadSsdBgdFunc upstream_VAACalcSadSsdBgd_c;
VAACalcSadVarFunc upstream_VAACalcSadVar_c;

namespace {

using namespace wsmedia;

/** Where the results go; what is null is not measured. Indexes count macroblocks, or 8×8 blocks four to a macroblock.
 */
struct Results {
  int32_t* picture_sad = nullptr;
  int32_t* sad = nullptr;
  int32_t* signed_sum = nullptr;
  uint8_t* largest = nullptr;
  int32_t* sum = nullptr;
  int32_t* square_sum = nullptr;
  int32_t* squared_difference = nullptr;
};

/** Sums of sixteen columns; each of the first two has four lanes for the left 8×8 block and four for the right one. */
struct Sums {
  v128_t absolute, of_signed, largest, samples, squares, squared_differences;
};

inline v128_t add_octets(v128_t sums, v128_t octets) {
  return wasm_i16x8_add(sums, wasm_u16x8_extadd_pairwise_u8x16(octets));
}

inline v128_t add_squares(v128_t sums, v128_t octets) {
  const v128_t low = wasm_u16x8_extend_low_u8x16(octets), high = wasm_u16x8_extend_high_u8x16(octets);
  return wasm_i32x4_add(sums, wasm_i32x4_add(wasm_i32x4_dot_i16x8(low, low), wasm_i32x4_dot_i16x8(high, high)));
}

/** Eight rows of sixteen samples. At most 8 × 510 a 16-bit lane. */
template <bool background, bool variance, bool squares>
inline Sums measure_rows(const uint8_t* current, const uint8_t* reference, int32_t stride) {
  const v128_t zero = wasm_i32x4_splat(0);
  Sums s = {zero, zero, zero, zero, zero, zero};
  for (int row = 0; row < 8; row++, current += stride, reference += stride) {
    const v128_t a = load16(current), b = load16(reference), d = difference(a, b);
    s.absolute = add_octets(s.absolute, d);
    if constexpr (background) {
      s.largest = wasm_u8x16_max(s.largest, d);
      s.of_signed = wasm_i16x8_add(
          s.of_signed, wasm_i16x8_sub(wasm_u16x8_extadd_pairwise_u8x16(a), wasm_u16x8_extadd_pairwise_u8x16(b)));
    }
    if constexpr (variance) {
      s.samples = add_octets(s.samples, a);
      s.squares = add_squares(s.squares, a);
    }
    if constexpr (squares) s.squared_differences = add_squares(s.squared_differences, d);
  }
  return s;
}

/** Lanes 0 – 3 summed for the left block, 4 – 7 for the right one. */
inline void store_two_sums(int32_t* to, v128_t pairs_of_32) {
  const v128_t sums = wasm_i32x4_add(pairs_of_32, wasm_i32x4_shuffle(pairs_of_32, pairs_of_32, 1, 0, 3, 2));
  to[0] = wasm_i32x4_extract_lane(sums, 0);
  to[1] = wasm_i32x4_extract_lane(sums, 2);
}

inline void store_two_largest(uint8_t* to, v128_t octets) {
  v128_t m = wasm_u8x16_max(octets, wasm_u64x2_shr(octets, 32));
  m = wasm_u8x16_max(m, wasm_u64x2_shr(m, 16));
  m = wasm_u8x16_max(m, wasm_u64x2_shr(m, 8));
  to[0] = wasm_u8x16_extract_lane(m, 0);
  to[1] = wasm_u8x16_extract_lane(m, 8);
}

template <bool background, bool variance, bool squares>
void measure(const uint8_t* current, const uint8_t* reference, int32_t width, int32_t height, int32_t stride,
             const Results& r) {
  int32_t picture_sad = 0, macroblock = 0;
  // Upstream goes back by the picture's width, not by the macroblocks it has passed: where they differ, each row of
  // macroblocks begins further left than the one above. What is measured there is measured so here too.
  const int32_t next_row = 16 * stride - width + 16 * (width >> 4);
  for (int32_t y = 0; y < (height >> 4); y++) {
    const uint8_t *a = current + y * next_row, *b = reference + y * next_row;
    for (int32_t x = 0; x < (width >> 4); x++, macroblock++, a += 16, b += 16) {
      int32_t sum = 0, square_sum = 0, squared_difference = 0;
      for (int half = 0; half < 2; half++) {
        const Sums s =
            measure_rows<background, variance, squares>(a + half * 8 * stride, b + half * 8 * stride, stride);
        const int32_t block = macroblock * 4 + half * 2;
        store_two_sums(r.sad + block, wasm_u32x4_extadd_pairwise_u16x8(s.absolute));
        picture_sad += r.sad[block] + r.sad[block + 1];
        if constexpr (background) {
          store_two_sums(r.signed_sum + block, wasm_i32x4_extadd_pairwise_i16x8(s.of_signed));
          store_two_largest(r.largest + block, s.largest);
        }
        if constexpr (variance) {
          sum += sum16(s.samples);
          square_sum += sum32(s.squares);
        }
        if constexpr (squares) squared_difference += sum32(s.squared_differences);
      }
      if constexpr (variance) {
        r.sum[macroblock] = sum;
        r.square_sum[macroblock] = square_sum;
      }
      if constexpr (squares) r.squared_difference[macroblock] = squared_difference;
    }
  }
  *r.picture_sad = picture_sad;
}

}  // namespace

void VAACalcSad_c(const uint8_t* current, const uint8_t* reference, int32_t width, int32_t height, int32_t stride,
                  int32_t* picture_sad, int32_t* sad) {
  if (!wsmedia_kernels_on) return upstream_VAACalcSad_c(current, reference, width, height, stride, picture_sad, sad);
  measure<false, false, false>(current, reference, width, height, stride, {picture_sad, sad});
}

void VAACalcSadBgd_c(const uint8_t* current, const uint8_t* reference, int32_t width, int32_t height, int32_t stride,
                     int32_t* picture_sad, int32_t* sad, int32_t* signed_sum, uint8_t* largest) {
  if (!wsmedia_kernels_on) {
    return upstream_VAACalcSadBgd_c(current, reference, width, height, stride, picture_sad, sad, signed_sum, largest);
  }
  measure<true, false, false>(current, reference, width, height, stride, {picture_sad, sad, signed_sum, largest});
}

void VAACalcSadVar_c(const uint8_t* current, const uint8_t* reference, int32_t width, int32_t height, int32_t stride,
                     int32_t* picture_sad, int32_t* sad, int32_t* sum, int32_t* square_sum) {
  if (!wsmedia_kernels_on) {
    return upstream_VAACalcSadVar_c(current, reference, width, height, stride, picture_sad, sad, sum, square_sum);
  }
  measure<false, true, false>(current, reference, width, height, stride,
                              {picture_sad, sad, nullptr, nullptr, sum, square_sum});
}

void VAACalcSadSsd_c(const uint8_t* current, const uint8_t* reference, int32_t width, int32_t height, int32_t stride,
                     int32_t* picture_sad, int32_t* sad, int32_t* sum, int32_t* square_sum,
                     int32_t* squared_difference) {
  if (!wsmedia_kernels_on) {
    return upstream_VAACalcSadSsd_c(current, reference, width, height, stride, picture_sad, sad, sum, square_sum,
                                    squared_difference);
  }
  measure<false, true, true>(current, reference, width, height, stride,
                             {picture_sad, sad, nullptr, nullptr, sum, square_sum, squared_difference});
}

void VAACalcSadSsdBgd_c(const uint8_t* current, const uint8_t* reference, int32_t width, int32_t height, int32_t stride,
                        int32_t* picture_sad, int32_t* sad, int32_t* sum, int32_t* square_sum,
                        int32_t* squared_difference, int32_t* signed_sum, uint8_t* largest) {
  if (!wsmedia_kernels_on) {
    return upstream_VAACalcSadSsdBgd_c(current, reference, width, height, stride, picture_sad, sad, sum, square_sum,
                                       squared_difference, signed_sum, largest);
  }
  measure<true, true, true>(current, reference, width, height, stride,
                            {picture_sad, sad, signed_sum, largest, sum, square_sum, squared_difference});
}

WELSVP_NAMESPACE_END
