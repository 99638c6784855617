/**
 * The luma deblocking filter on one edge of sixteen samples. An edge between columns is transposed, filtered and
 * transposed back; where nothing is to be filtered, nothing is written.
 */
#include "deblock.h"
#include "kernels_api.h"

namespace wsmedia {

namespace {

/** Samples across the edge, nearest last on the p side and first on the q side: p3 p2 p1 p0 | q0 q1 q2 q3. */
struct Edge {
  v128_t p3, p2, p1, p0, q0, q1, q2, q3;
};

/** p1 + clip(((p2 + ((p0 + q0 + 1) >> 1)) >> 1) − p1, ± limit): with unsigned saturation the bounds are samples
 * themselves. */
inline v128_t filter_second(v128_t p2, v128_t p1, v128_t middle, v128_t limit) {
  const v128_t sum_is_odd = wasm_v128_and(wasm_v128_xor(p2, middle), wasm_i8x16_splat(1));
  const v128_t mean = wasm_i8x16_sub(wasm_u8x16_avgr(p2, middle), sum_is_odd);
  return wasm_u8x16_min(wasm_u8x16_max(mean, wasm_u8x16_sub_sat(p1, limit)), wasm_u8x16_add_sat(p1, limit));
}

/** The usual filter (bS < 4). Each of four limits holds for four samples; a negative one says: leave them. */
inline bool filter_usual(Edge& e, int32_t alpha, int32_t beta, const int8_t* limits) {
  const v128_t four = load4(limits);
  const v128_t limit = wasm_i8x16_shuffle(four, four, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
  const v128_t where = wasm_v128_and(filtered(e.p1, e.p0, e.q0, e.q1, threshold(alpha), threshold(beta)),
                                     wasm_i8x16_ge(limit, wasm_i8x16_splat(0)));
  if (!wasm_v128_any_true(where)) return false;
  const v128_t near_p = wasm_v128_and(below(difference(e.p2, e.p0), threshold(beta)), where);
  const v128_t near_q = wasm_v128_and(below(difference(e.q2, e.q0), threshold(beta)), where);
  const v128_t middle = wasm_u8x16_avgr(e.p0, e.q0);
  const v128_t p1 = filter_second(e.p2, e.p1, middle, limit), q1 = filter_second(e.q2, e.q1, middle, limit);
  // A mask of ones is −1: one more for each side that is smooth.
  filter_inner(e.p1, e.p0, e.q0, e.q1, wasm_i8x16_sub(wasm_i8x16_sub(limit, near_p), near_q), where);
  e.p1 = wasm_v128_bitselect(p1, e.p1, near_p);
  e.q1 = wasm_v128_bitselect(q1, e.q1, near_q);
  return true;
}

/** Eight samples of one side, strongly filtered; s0 is the nearest of this side, o0 of the other. */
struct Strong {
  v128_t s0, s1, s2, weak;
};

inline Strong strong_of_eight(v128_t s3, v128_t s2, v128_t s1, v128_t s0, v128_t o0, v128_t o1) {
  const v128_t two = wasm_i16x8_splat(2), four = wasm_i16x8_splat(4);
  const v128_t near = wasm_i16x8_add(wasm_i16x8_add(s1, s0), o0);
  const v128_t with_s2 = wasm_i16x8_add(near, s2);
  Strong out;
  out.s0 = wasm_u16x8_shr(wasm_i16x8_add(wasm_i16x8_add(wasm_i16x8_add(with_s2, near), o1), four), 3);
  out.s1 = wasm_u16x8_shr(wasm_i16x8_add(with_s2, two), 2);
  const v128_t outer = wasm_i16x8_shl(wasm_i16x8_add(s3, s2), 1);
  out.s2 = wasm_u16x8_shr(wasm_i16x8_add(wasm_i16x8_add(outer, with_s2), four), 3);
  out.weak = wasm_u16x8_shr(wasm_i16x8_add(wasm_i16x8_add(wasm_i16x8_add(wasm_i16x8_shl(s1, 1), s0), o1), two), 2);
  return out;
}

inline Strong strong(v128_t s3, v128_t s2, v128_t s1, v128_t s0, v128_t o0, v128_t o1) {
  const Strong low = strong_of_eight(wasm_u16x8_extend_low_u8x16(s3), wasm_u16x8_extend_low_u8x16(s2),
                                     wasm_u16x8_extend_low_u8x16(s1), wasm_u16x8_extend_low_u8x16(s0),
                                     wasm_u16x8_extend_low_u8x16(o0), wasm_u16x8_extend_low_u8x16(o1));
  const Strong high = strong_of_eight(wasm_u16x8_extend_high_u8x16(s3), wasm_u16x8_extend_high_u8x16(s2),
                                      wasm_u16x8_extend_high_u8x16(s1), wasm_u16x8_extend_high_u8x16(s0),
                                      wasm_u16x8_extend_high_u8x16(o0), wasm_u16x8_extend_high_u8x16(o1));
  return {wasm_u8x16_narrow_i16x8(low.s0, high.s0), wasm_u8x16_narrow_i16x8(low.s1, high.s1),
          wasm_u8x16_narrow_i16x8(low.s2, high.s2), wasm_u8x16_narrow_i16x8(low.weak, high.weak)};
}

/** The strong filter (bS = 4). */
inline bool filter_strong(Edge& e, int32_t alpha, int32_t beta) {
  const v128_t where = filtered(e.p1, e.p0, e.q0, e.q1, threshold(alpha), threshold(beta));
  if (!wasm_v128_any_true(where)) return false;
  const v128_t close = wasm_v128_and(below(difference(e.p0, e.q0), threshold((alpha >> 2) + 2)), where);
  const v128_t near_p = wasm_v128_and(below(difference(e.p2, e.p0), threshold(beta)), close);
  const v128_t near_q = wasm_v128_and(below(difference(e.q2, e.q0), threshold(beta)), close);
  const Strong p = strong(e.p3, e.p2, e.p1, e.p0, e.q0, e.q1), q = strong(e.q3, e.q2, e.q1, e.q0, e.p0, e.p1);
  e.p0 = wasm_v128_bitselect(wasm_v128_bitselect(p.s0, p.weak, near_p), e.p0, where);
  e.p1 = wasm_v128_bitselect(p.s1, e.p1, near_p);
  e.p2 = wasm_v128_bitselect(p.s2, e.p2, near_p);
  e.q0 = wasm_v128_bitselect(wasm_v128_bitselect(q.s0, q.weak, near_q), e.q0, where);
  e.q1 = wasm_v128_bitselect(q.s1, e.q1, near_q);
  e.q2 = wasm_v128_bitselect(q.s2, e.q2, near_q);
  return true;
}

/** Sixteen rows of eight samples, `at` four samples left of the edge: each sample position becomes a vector. */
inline Edge load_columns(const uint8_t* at, int32_t stride) {
  // Rows i and i + 8 share a vector; three rounds of interleaving bring the rows of one column together.
  v128_t rows[8], a[8], b[8];
  for (int i = 0; i < 8; i++) rows[i] = load8x2(at + i * stride, at + (i + 8) * stride);
  for (int i = 0; i < 4; i++) {
    a[2 * i] = low_octets(rows[i], rows[i + 4]);       // rows i, i + 4, octet by octet
    a[2 * i + 1] = high_octets(rows[i], rows[i + 4]);  // rows i + 8, i + 12
  }
  for (int i = 0; i < 2; i++) {
    b[4 * i] = low_octets(a[2 * i], a[2 * i + 4]);          // columns 0 – 3 of rows i, i + 2, i + 4, i + 6
    b[4 * i + 1] = high_octets(a[2 * i], a[2 * i + 4]);     // columns 4 – 7 of the same
    b[4 * i + 2] = low_octets(a[2 * i + 1], a[2 * i + 5]);  // the same of the rows eight below
    b[4 * i + 3] = high_octets(a[2 * i + 1], a[2 * i + 5]);
  }
  const v128_t c01 = low_octets(b[0], b[4]), c23 = high_octets(b[0], b[4]);
  const v128_t c45 = low_octets(b[1], b[5]), c67 = high_octets(b[1], b[5]);
  const v128_t d01 = low_octets(b[2], b[6]), d23 = high_octets(b[2], b[6]);
  const v128_t d45 = low_octets(b[3], b[7]), d67 = high_octets(b[3], b[7]);
  return {low64(c01, d01), high64(c01, d01), low64(c23, d23), high64(c23, d23),
          low64(c45, d45), high64(c45, d45), low64(c67, d67), high64(c67, d67)};
}

template <int first_row>
inline void store_four_rows(uint8_t* at, int32_t stride, v128_t rows) {
  wasm_v128_store32_lane(at + first_row * stride, rows, 0);
  wasm_v128_store32_lane(at + (first_row + 1) * stride, rows, 1);
  wasm_v128_store32_lane(at + (first_row + 2) * stride, rows, 2);
  wasm_v128_store32_lane(at + (first_row + 3) * stride, rows, 3);
}

/** Four vectors, each a column of sixteen samples, to sixteen rows of four. */
inline void store_columns(uint8_t* at, int32_t stride, v128_t c0, v128_t c1, v128_t c2, v128_t c3) {
  const v128_t low01 = low_octets(c0, c1), high01 = high_octets(c0, c1);
  const v128_t low23 = low_octets(c2, c3), high23 = high_octets(c2, c3);
  store_four_rows<0>(at, stride, low16(low01, low23));
  store_four_rows<4>(at, stride, high16(low01, low23));
  store_four_rows<8>(at, stride, low16(high01, high23));
  store_four_rows<12>(at, stride, high16(high01, high23));
}

inline Edge load_rows(const uint8_t* at, int32_t stride) {
  return {load16(at - 4 * stride), load16(at - 3 * stride), load16(at - 2 * stride), load16(at - stride), load16(at),
          load16(at + stride),     load16(at + 2 * stride), load16(at + 3 * stride)};
}

}  // namespace

void deblock_luma_across_rows(uint8_t* at, int32_t stride, int32_t alpha, int32_t beta, int8_t* limits) {
  // The usual filter never looks at the fourth sample, which may lie outside of the picture's memory.
  Edge e = {};
  e.p2 = load16(at - 3 * stride), e.p1 = load16(at - 2 * stride), e.p0 = load16(at - stride);
  e.q0 = load16(at), e.q1 = load16(at + stride), e.q2 = load16(at + 2 * stride);
  if (!filter_usual(e, alpha, beta, limits)) return;
  store16(at - 2 * stride, e.p1);
  store16(at - stride, e.p0);
  store16(at, e.q0);
  store16(at + stride, e.q1);
}

void deblock_luma_across_columns(uint8_t* at, int32_t stride, int32_t alpha, int32_t beta, int8_t* limits) {
  Edge e = load_columns(at - 4, stride);
  if (filter_usual(e, alpha, beta, limits)) store_columns(at - 2, stride, e.p1, e.p0, e.q0, e.q1);
}

void deblock_luma_strong_across_rows(uint8_t* at, int32_t stride, int32_t alpha, int32_t beta) {
  Edge e = load_rows(at, stride);
  if (!filter_strong(e, alpha, beta)) return;
  store16(at - 3 * stride, e.p2);
  store16(at - 2 * stride, e.p1);
  store16(at - stride, e.p0);
  store16(at, e.q0);
  store16(at + stride, e.q1);
  store16(at + 2 * stride, e.q2);
}

void deblock_luma_strong_across_columns(uint8_t* at, int32_t stride, int32_t alpha, int32_t beta) {
  Edge e = load_columns(at - 4, stride);
  if (!filter_strong(e, alpha, beta)) return;
  store_columns(at - 4, stride, e.p3, e.p2, e.p1, e.p0);
  store_columns(at, stride, e.q0, e.q1, e.q2, e.q3);
}

}  // namespace wsmedia
