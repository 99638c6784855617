/** What both deblocking filters (H.264 8.7.2) share: which samples of an edge are filtered, and the usual filter's
 * change. */
#ifndef WSMEDIA_KERNELS_DEBLOCK_H
#define WSMEDIA_KERNELS_DEBLOCK_H

#include "simd.h"

namespace wsmedia {

/** All ones where a < b, of unsigned octets. */
static inline v128_t below(v128_t a, v128_t b) { return wasm_i8x16_ne(wasm_u8x16_sub_sat(b, a), wasm_i8x16_splat(0)); }

/** Thresholds are 0 … 255 in the tables of the standard. */
static inline v128_t threshold(int32_t value) { return wasm_u8x16_splat(static_cast<uint8_t>(value)); }

/** Where |p0 − q0| < alpha, |p1 − p0| < beta and |q1 − q0| < beta. */
static inline v128_t filtered(v128_t p1, v128_t p0, v128_t q0, v128_t q1, v128_t alpha, v128_t beta) {
  const v128_t room = wasm_u8x16_min(
      wasm_u8x16_sub_sat(alpha, difference(p0, q0)),
      wasm_u8x16_min(wasm_u8x16_sub_sat(beta, difference(p1, p0)), wasm_u8x16_sub_sat(beta, difference(q1, q0))));
  return wasm_i8x16_ne(room, wasm_i8x16_splat(0));
}

/** (4 (q0 − p0) + p1 − q1 + 4) >> 3 of eight samples: at most 160 in magnitude. */
static inline v128_t change_of_eight(v128_t p1, v128_t p0, v128_t q0, v128_t q1) {
  const v128_t sum = wasm_i16x8_add(wasm_i16x8_shl(wasm_i16x8_sub(q0, p0), 2), wasm_i16x8_sub(p1, q1));
  return wasm_i16x8_shr(wasm_i16x8_add(sum, wasm_i16x8_splat(4)), 3);
}

/** Moves p0 and q0 towards each other by the change, held to ± limit (signed octets ≥ 0), where `where` is all ones. */
static inline void filter_inner(v128_t p1, v128_t& p0, v128_t& q0, v128_t q1, v128_t limit, v128_t where) {
  const v128_t low = change_of_eight(wasm_u16x8_extend_low_u8x16(p1), wasm_u16x8_extend_low_u8x16(p0),
                                     wasm_u16x8_extend_low_u8x16(q0), wasm_u16x8_extend_low_u8x16(q1));
  const v128_t high = change_of_eight(wasm_u16x8_extend_high_u8x16(p1), wasm_u16x8_extend_high_u8x16(p0),
                                      wasm_u16x8_extend_high_u8x16(q0), wasm_u16x8_extend_high_u8x16(q1));
  // Narrowing saturates at ±127, which no limit exceeds.
  const v128_t zero = wasm_i8x16_splat(0);
  const v128_t change = wasm_v128_and(
      wasm_i8x16_max(wasm_i8x16_min(wasm_i8x16_narrow_i16x8(low, high), limit), wasm_i8x16_sub(zero, limit)), where);
  const v128_t up = wasm_i8x16_max(change, zero), down = wasm_i8x16_max(wasm_i8x16_sub(zero, change), zero);
  p0 = wasm_u8x16_sub_sat(wasm_u8x16_add_sat(p0, up), down);
  q0 = wasm_u8x16_sub_sat(wasm_u8x16_add_sat(q0, down), up);
}

}  // namespace wsmedia

#endif
