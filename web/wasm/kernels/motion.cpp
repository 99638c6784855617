/**
 * Luma samples between samples (H.264 8.4.2.2.1): the six-tap filter 1 −5 20 20 −5 1 along rows, columns or both, and
 * averages.
 *
 * Each pass goes down one strip of eight (or four) columns with the six rows it needs in registers. Widths are 16, 8
 * and 4, and for the encoder's search also 17, 9 and 5: then the last strip overlaps the one before. With `also`, a
 * pass writes the average of what it finds and of the samples there (they may be the output itself), which makes the
 * quarter positions.
 */
#include "kernels_api.h"
#include "simd.h"

namespace wsmedia {

namespace {

/** a − 5b + 20c of the outer, middle and inner pairs: −2550 … 10710. */
inline v128_t six_taps(v128_t outer, v128_t middle, v128_t inner) {
  const v128_t fives = wasm_i16x8_sub(wasm_i16x8_shl(inner, 2), middle);
  return wasm_i16x8_add(wasm_i16x8_add(outer, fives), wasm_i16x8_shl(fives, 2));
}

inline v128_t six_taps(v128_t a, v128_t b, v128_t c, v128_t d, v128_t e, v128_t f) {
  return six_taps(wasm_i16x8_add(a, f), wasm_i16x8_add(b, e), wasm_i16x8_add(c, d));
}

inline v128_t along_row(const uint8_t* at) {
  return six_taps(load_wide(at - 2), load_wide(at - 1), load_wide(at), load_wide(at + 1), load_wide(at + 2),
                  load_wide(at + 3));
}

/** (sum + 16) >> 5, clipped to a sample. */
inline v128_t round_once(v128_t sum) {
  const v128_t rounded = wasm_i16x8_shr(wasm_i16x8_add(sum, wasm_i16x8_splat(16)), 5);
  return wasm_u8x16_narrow_i16x8(rounded, rounded);
}

/**
 * (a − 5b + 20c + 512) >> 10 of filtered rows, clipped, in 16 bits: ((((a − b) >> 2) − b + c) >> 2) + c is the sum >> 4
 * exactly, for floors nest. Where the inner sum would leave 16 bits it saturates, and the clipped result is the same.
 */
inline v128_t six_taps_twice(v128_t a, v128_t b, v128_t c, v128_t d, v128_t e, v128_t f) {
  const v128_t outer = wasm_i16x8_add(a, f), middle = wasm_i16x8_add(b, e), inner = wasm_i16x8_add(c, d);
  v128_t sum = wasm_i16x8_sub(wasm_i16x8_shr(wasm_i16x8_sub(outer, middle), 2), middle);
  sum = wasm_i16x8_add(wasm_i16x8_shr(wasm_i16x8_add_sat(sum, inner), 2), inner);
  const v128_t rounded = wasm_i16x8_shr(wasm_i16x8_add(sum, wasm_i16x8_splat(32)), 6);
  return wasm_u8x16_narrow_i16x8(rounded, rounded);
}

struct Source {
  const uint8_t* at;
  int32_t stride;
};

template <int columns>
inline void put(uint8_t* to, v128_t samples) {
  if constexpr (columns == 8)
    store8(to, samples);
  else
    store4(to, samples);
}

template <int columns>
inline v128_t get(const uint8_t* at) {
  if constexpr (columns == 8)
    return load8(at);
  else
    return load4(at);
}

template <int columns, bool averaged>
inline void finish(uint8_t* to, v128_t samples, const uint8_t* also) {
  if constexpr (averaged) samples = wasm_u8x16_avgr(samples, get<columns>(also));
  put<columns>(to, samples);
}

/** The filter passes, each over one strip. */
struct Horizontal {
  template <int columns, bool averaged>
  static void strip(Source from, uint8_t* to, int32_t to_stride, int32_t height, Source also) {
    for (; height > 0; height--, from.at += from.stride, to += to_stride, also.at += also.stride) {
      finish<columns, averaged>(to, round_once(along_row(from.at)), also.at);
    }
  }
};

struct Vertical {
  template <int columns, bool averaged>
  static void strip(Source from, uint8_t* to, int32_t to_stride, int32_t height, Source also) {
    v128_t a = load_wide(from.at - 2 * from.stride), b = load_wide(from.at - from.stride), c = load_wide(from.at);
    v128_t d = load_wide(from.at + from.stride), e = load_wide(from.at + 2 * from.stride);
    from.at += 3 * from.stride;
    for (; height > 0; height--, from.at += from.stride, to += to_stride, also.at += also.stride) {
      const v128_t f = load_wide(from.at);
      finish<columns, averaged>(to, round_once(six_taps(a, b, c, d, e, f)), also.at);
      a = b, b = c, c = d, d = e, e = f;
    }
  }
};

struct Centre {
  template <int columns, bool averaged>
  static void strip(Source from, uint8_t* to, int32_t to_stride, int32_t height, Source also) {
    v128_t a = along_row(from.at - 2 * from.stride), b = along_row(from.at - from.stride), c = along_row(from.at);
    v128_t d = along_row(from.at + from.stride), e = along_row(from.at + 2 * from.stride);
    from.at += 3 * from.stride;
    for (; height > 0; height--, from.at += from.stride, to += to_stride, also.at += also.stride) {
      const v128_t f = along_row(from.at);
      finish<columns, averaged>(to, six_taps_twice(a, b, c, d, e, f), also.at);
      a = b, b = c, c = d, d = e, e = f;
    }
  }
};

template <typename Pass, bool averaged>
inline void filter(Source from, uint8_t* to, int32_t to_stride, int32_t width, int32_t height, Source also) {
  if (width >= 8) {
    for (int32_t column = 0; column < width; column += 8) {
      const int32_t start = column + 8 <= width ? column : width - 8;
      Pass::template strip<8, averaged>({from.at + start, from.stride}, to + start, to_stride, height,
                                        {also.at + start, also.stride});
    }
    return;
  }
  for (int32_t column = 0; column < width; column += 4) {
    const int32_t start = column + 4 <= width ? column : width - 4;
    Pass::template strip<4, averaged>({from.at + start, from.stride}, to + start, to_stride, height,
                                      {also.at + start, also.stride});
  }
}

template <typename Pass>
inline void whole(Source from, uint8_t* to, int32_t to_stride, int32_t width, int32_t height) {
  filter<Pass, false>(from, to, to_stride, width, height, from);
}

/** Not for the widths of the search (5, 9, 17): where strips overlap, an average with the output would be made twice.
 */
template <typename Pass>
inline void averaged(Source from, uint8_t* to, int32_t to_stride, int32_t width, int32_t height, Source also) {
  filter<Pass, true>(from, to, to_stride, width, height, also);
}

inline void copy_whole(Source from, uint8_t* to, int32_t to_stride, int32_t width, int32_t height) {
  for (; height > 0; height--, from.at += from.stride, to += to_stride) {
    if (width == 16)
      store16(to, load16(from.at));
    else if (width == 8)
      store8(to, load8(from.at));
    else
      store4(to, load4(from.at));
  }
}

}  // namespace

void luma_half_horizontal(const uint8_t* from, int32_t from_stride, uint8_t* to, int32_t to_stride, int32_t width,
                          int32_t height) {
  whole<Horizontal>({from, from_stride}, to, to_stride, width, height);
}

void luma_half_vertical(const uint8_t* from, int32_t from_stride, uint8_t* to, int32_t to_stride, int32_t width,
                        int32_t height) {
  whole<Vertical>({from, from_stride}, to, to_stride, width, height);
}

void luma_half_centre(const uint8_t* from, int32_t from_stride, uint8_t* to, int32_t to_stride, int32_t width,
                      int32_t height) {
  whole<Centre>({from, from_stride}, to, to_stride, width, height);
}

void luma_motion(const uint8_t* from, int32_t from_stride, uint8_t* to, int32_t to_stride, int16_t mv_x, int16_t mv_y,
                 int32_t width, int32_t height) {
  const int x = mv_x & 3, y = mv_y & 3;
  const Source here = {from, from_stride}, out = {to, to_stride};
  // The full sample, or the row or column of half samples, that a quarter position leans to: the nearer one.
  const Source right = {from + (x == 3), from_stride}, below = {from + (y == 3 ? from_stride : 0), from_stride};
  if (y == 0) {
    if (x == 0)
      copy_whole(here, to, to_stride, width, height);
    else if (x == 2)
      whole<Horizontal>(here, to, to_stride, width, height);
    else
      averaged<Horizontal>(here, to, to_stride, width, height, right);
  } else if (x == 0) {
    if (y == 2)
      whole<Vertical>(here, to, to_stride, width, height);
    else
      averaged<Vertical>(here, to, to_stride, width, height, below);
  } else if (x == 2 && y == 2) {
    whole<Centre>(here, to, to_stride, width, height);
  } else if (x == 2) {
    whole<Horizontal>(below, to, to_stride, width, height);
    averaged<Centre>(here, to, to_stride, width, height, out);
  } else if (y == 2) {
    whole<Vertical>(right, to, to_stride, width, height);
    averaged<Centre>(here, to, to_stride, width, height, out);
  } else {
    whole<Horizontal>(below, to, to_stride, width, height);
    averaged<Vertical>(right, to, to_stride, width, height, out);
  }
}

void average(uint8_t* to, int32_t to_stride, const uint8_t* a, int32_t stride_a, const uint8_t* b, int32_t stride_b,
             int32_t width, int32_t height) {
  for (; height > 0; height--, to += to_stride, a += stride_a, b += stride_b) {
    int32_t column = 0;
    for (; column + 16 <= width; column += 16)
      store16(to + column, wasm_u8x16_avgr(load16(a + column), load16(b + column)));
    for (; column + 8 <= width; column += 8) store8(to + column, wasm_u8x16_avgr(load8(a + column), load8(b + column)));
    for (; column + 4 <= width; column += 4) store4(to + column, wasm_u8x16_avgr(load4(a + column), load4(b + column)));
    for (; column < width; column++) to[column] = static_cast<uint8_t>((a[column] + b[column] + 1) >> 1);
  }
}

}  // namespace wsmedia
