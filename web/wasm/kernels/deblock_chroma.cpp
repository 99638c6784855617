/** The chroma deblocking filter on one edge of eight samples in each plane: Cb in a vector's low half, Cr in its high
 * half. */
#include "deblock.h"
#include "kernels_api.h"

namespace wsmedia {

namespace {

/** Samples across the edge: p1 p0 | q0 q1. */
struct Edge {
  v128_t p1, p0, q0, q1;
};

/** The usual filter (bS < 4). Each of four limits holds for two samples of each plane; zero or less says: leave them.
 */
inline bool filter_usual(Edge& e, int32_t alpha, int32_t beta, const int8_t* limits) {
  const v128_t four = load4(limits);
  const v128_t limit = wasm_i8x16_shuffle(four, four, 0, 0, 1, 1, 2, 2, 3, 3, 0, 0, 1, 1, 2, 2, 3, 3);
  const v128_t where = wasm_v128_and(filtered(e.p1, e.p0, e.q0, e.q1, threshold(alpha), threshold(beta)),
                                     wasm_i8x16_gt(limit, wasm_i8x16_splat(0)));
  if (!wasm_v128_any_true(where)) return false;
  filter_inner(e.p1, e.p0, e.q0, e.q1, limit, where);
  return true;
}

/** (2 a + b + c + 2) >> 2 of sixteen samples. */
inline v128_t smooth(v128_t a, v128_t b, v128_t c) {
  const v128_t two = wasm_i16x8_splat(2);
  const v128_t low = wasm_i16x8_add(wasm_i16x8_add(wasm_i16x8_shl(wasm_u16x8_extend_low_u8x16(a), 1), two),
                                    wasm_i16x8_add(wasm_u16x8_extend_low_u8x16(b), wasm_u16x8_extend_low_u8x16(c)));
  const v128_t high = wasm_i16x8_add(wasm_i16x8_add(wasm_i16x8_shl(wasm_u16x8_extend_high_u8x16(a), 1), two),
                                     wasm_i16x8_add(wasm_u16x8_extend_high_u8x16(b), wasm_u16x8_extend_high_u8x16(c)));
  return wasm_u8x16_narrow_i16x8(wasm_u16x8_shr(low, 2), wasm_u16x8_shr(high, 2));
}

/** The strong filter (bS = 4). */
inline bool filter_strong(Edge& e, int32_t alpha, int32_t beta) {
  const v128_t where = filtered(e.p1, e.p0, e.q0, e.q1, threshold(alpha), threshold(beta));
  if (!wasm_v128_any_true(where)) return false;
  const v128_t p0 = smooth(e.p1, e.p0, e.q1), q0 = smooth(e.q1, e.q0, e.p1);
  e.p0 = wasm_v128_bitselect(p0, e.p0, where);
  e.q0 = wasm_v128_bitselect(q0, e.q0, where);
  return true;
}

inline Edge load_rows(const uint8_t* cb, const uint8_t* cr, int32_t stride) {
  return {load8x2(cb - 2 * stride, cr - 2 * stride), load8x2(cb - stride, cr - stride), load8x2(cb, cr),
          load8x2(cb + stride, cr + stride)};
}

inline void store_rows(uint8_t* cb, uint8_t* cr, int32_t stride, const Edge& e) {
  store8(cb - stride, e.p0);
  store8_high(cr - stride, e.p0);
  store8(cb, e.q0);
  store8_high(cr, e.q0);
}

/** Four rows of four samples: octet 4 r + c becomes octet 4 c + r. */
inline v128_t transpose_octets(v128_t v) {
  return wasm_i8x16_shuffle(v, v, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
}

inline Edge load_columns(const uint8_t* cb, const uint8_t* cr, int32_t stride) {
  const v128_t a = transpose_octets(load4x4(cb - 2, stride)),
               b = transpose_octets(load4x4(cb - 2 + 4 * stride, stride));
  const v128_t c = transpose_octets(load4x4(cr - 2, stride)),
               d = transpose_octets(load4x4(cr - 2 + 4 * stride, stride));
  const v128_t cb01 = low32(a, b), cb23 = high32(a, b), cr01 = low32(c, d), cr23 = high32(c, d);
  return {low64(cb01, cr01), high64(cb01, cr01), low64(cb23, cr23), high64(cb23, cr23)};
}

template <int first_lane>
inline void store_four_pairs(uint8_t* at, int32_t stride, v128_t pairs) {
  wasm_v128_store16_lane(at, pairs, first_lane);
  wasm_v128_store16_lane(at + stride, pairs, first_lane + 1);
  wasm_v128_store16_lane(at + 2 * stride, pairs, first_lane + 2);
  wasm_v128_store16_lane(at + 3 * stride, pairs, first_lane + 3);
}

inline void store_columns(uint8_t* cb, uint8_t* cr, int32_t stride, const Edge& e) {
  const v128_t cb_pairs = low_octets(e.p0, e.q0), cr_pairs = high_octets(e.p0, e.q0);
  store_four_pairs<0>(cb - 1, stride, cb_pairs);
  store_four_pairs<4>(cb - 1 + 4 * stride, stride, cb_pairs);
  store_four_pairs<0>(cr - 1, stride, cr_pairs);
  store_four_pairs<4>(cr - 1 + 4 * stride, stride, cr_pairs);
}

}  // namespace

void deblock_chroma_across_rows(uint8_t* cb, uint8_t* cr, int32_t stride, int32_t alpha, int32_t beta, int8_t* limits) {
  Edge e = load_rows(cb, cr, stride);
  if (filter_usual(e, alpha, beta, limits)) store_rows(cb, cr, stride, e);
}

void deblock_chroma_across_columns(uint8_t* cb, uint8_t* cr, int32_t stride, int32_t alpha, int32_t beta,
                                   int8_t* limits) {
  Edge e = load_columns(cb, cr, stride);
  if (filter_usual(e, alpha, beta, limits)) store_columns(cb, cr, stride, e);
}

void deblock_chroma_strong_across_rows(uint8_t* cb, uint8_t* cr, int32_t stride, int32_t alpha, int32_t beta) {
  Edge e = load_rows(cb, cr, stride);
  if (filter_strong(e, alpha, beta)) store_rows(cb, cr, stride, e);
}

void deblock_chroma_strong_across_columns(uint8_t* cb, uint8_t* cr, int32_t stride, int32_t alpha, int32_t beta) {
  Edge e = load_columns(cb, cr, stride);
  if (filter_strong(e, alpha, beta)) store_columns(cb, cr, stride, e);
}

}  // namespace wsmedia
