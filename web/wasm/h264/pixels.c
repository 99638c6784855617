/* See pixels.h. The inner loops take 16 pixels at a time, the rest of a row goes pixel by pixel with the same arithmetic. */
#include "pixels.h"

#include <string.h>
#include <wasm_simd128.h>

size_t pixels_size(PixelFormat format, int width, int height) {
  const size_t luma = (size_t)width * (size_t)height;
  const size_t chroma = (size_t)((width + 1) / 2) * (size_t)((height + 1) / 2);
  return format == PIXELS_RGBA || format == PIXELS_BGRA ? 4 * luma : luma + 2 * chroma;
}

/* Y = 16 + 0.183 R + 0.614 G + 0.062 B, in 1/256. */
static inline uint8_t luma(int r, int g, int b) { return (uint8_t)((47 * r + 157 * g + 16 * b + 0x1080) >> 8); }
static inline uint8_t blue_difference(int r, int g, int b) { return (uint8_t)((112 * b - 86 * g - 26 * r + 0x8080) >> 8); }
static inline uint8_t red_difference(int r, int g, int b) { return (uint8_t)((112 * r - 102 * g - 10 * b + 0x8080) >> 8); }

typedef struct {
  v128_t r, g, b;
} Sixteen;

/* Sixteen pixels of four octets, sorted by component. */
static inline Sixteen sixteen(const uint8_t* source, int swapped) {
  const v128_t p0 = wasm_v128_load(source), p1 = wasm_v128_load(source + 16);
  const v128_t p2 = wasm_v128_load(source + 32), p3 = wasm_v128_load(source + 48);
  const v128_t rg0 = wasm_i8x16_shuffle(p0, p1, 0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
  const v128_t rg1 = wasm_i8x16_shuffle(p2, p3, 0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
  const v128_t b0 = wasm_i8x16_shuffle(p0, p1, 2, 6, 10, 14, 18, 22, 26, 30, 0, 0, 0, 0, 0, 0, 0, 0);
  const v128_t b1 = wasm_i8x16_shuffle(p2, p3, 2, 6, 10, 14, 18, 22, 26, 30, 0, 0, 0, 0, 0, 0, 0, 0);
  const v128_t first = wasm_i64x2_shuffle(rg0, rg1, 0, 2);
  const v128_t third = wasm_i64x2_shuffle(b0, b1, 0, 2);
  const Sixteen out = {swapped ? third : first, wasm_i64x2_shuffle(rg0, rg1, 1, 3), swapped ? first : third};
  return out;
}

static inline v128_t luma_of_sixteen(Sixteen p) {
  const v128_t r = wasm_u8x16_splat(47), g = wasm_u8x16_splat(157), b = wasm_u8x16_splat(16);
  const v128_t bias = wasm_u16x8_splat(0x1080);
  v128_t low = wasm_i16x8_add(wasm_u16x8_extmul_low_u8x16(p.r, r), wasm_u16x8_extmul_low_u8x16(p.g, g));
  v128_t high = wasm_i16x8_add(wasm_u16x8_extmul_high_u8x16(p.r, r), wasm_u16x8_extmul_high_u8x16(p.g, g));
  low = wasm_i16x8_add(wasm_i16x8_add(low, wasm_u16x8_extmul_low_u8x16(p.b, b)), bias);
  high = wasm_i16x8_add(wasm_i16x8_add(high, wasm_u16x8_extmul_high_u8x16(p.b, b)), bias);
  return wasm_u8x16_narrow_i16x8(wasm_u16x8_shr(low, 8), wasm_u16x8_shr(high, 8));
}

/* Means of squares of two by two pixels: eight numbers of 16 bits. */
static inline v128_t mean_of_four(v128_t upper, v128_t lower) {
  const v128_t sum = wasm_i16x8_add(wasm_u16x8_extadd_pairwise_u8x16(upper), wasm_u16x8_extadd_pairwise_u8x16(lower));
  return wasm_u16x8_shr(wasm_i16x8_add(sum, wasm_u16x8_splat(2)), 2);
}

static inline v128_t weighed(v128_t a, int by_a, v128_t b, int by_b, v128_t c, int by_c) {
  v128_t sum = wasm_i16x8_add(wasm_u16x8_splat(0x8080), wasm_i16x8_mul(a, wasm_i16x8_splat((int16_t)by_a)));
  sum = wasm_i16x8_sub(sum, wasm_i16x8_mul(b, wasm_i16x8_splat((int16_t)by_b)));
  sum = wasm_i16x8_sub(sum, wasm_i16x8_mul(c, wasm_i16x8_splat((int16_t)by_c)));
  return wasm_u16x8_shr(sum, 8);
}

/* Two rows of RGB (the same row twice at the lower edge of an odd height). */
static inline void rgb_rows(const uint8_t* upper, const uint8_t* lower, uint8_t* y0, uint8_t* y1, uint8_t* u, uint8_t* v,
                            int width, int swapped) {
  int x = 0;
  for (; x + 16 <= width; x += 16) {
    const Sixteen top = sixteen(upper + 4 * x, swapped), bottom = sixteen(lower + 4 * x, swapped);
    wasm_v128_store(y0 + x, luma_of_sixteen(top));
    wasm_v128_store(y1 + x, luma_of_sixteen(bottom));
    const v128_t r = mean_of_four(top.r, bottom.r), g = mean_of_four(top.g, bottom.g), b = mean_of_four(top.b, bottom.b);
    const v128_t both = wasm_u8x16_narrow_i16x8(weighed(b, 112, g, 86, r, 26), weighed(r, 112, g, 102, b, 10));
    wasm_v128_store64_lane(u + x / 2, both, 0);
    wasm_v128_store64_lane(v + x / 2, both, 1);
  }
  const int red = swapped ? 2 : 0, blue = swapped ? 0 : 2;
  for (; x < width; x += 2) {
    const int next = x + 1 < width ? x + 1 : x;
    const uint8_t *p = upper + 4 * x, *q = upper + 4 * next, *s = lower + 4 * x, *t = lower + 4 * next;
    y0[x] = luma(p[red], p[1], p[blue]);
    y0[next] = luma(q[red], q[1], q[blue]);
    y1[x] = luma(s[red], s[1], s[blue]);
    y1[next] = luma(t[red], t[1], t[blue]);
    const int r = (p[red] + q[red] + s[red] + t[red] + 2) >> 2;
    const int g = (p[1] + q[1] + s[1] + t[1] + 2) >> 2;
    const int b = (p[blue] + q[blue] + s[blue] + t[blue] + 2) >> 2;
    u[x / 2] = blue_difference(r, g, b);
    v[x / 2] = red_difference(r, g, b);
  }
}

static void from_rgb(const uint8_t* source, uint8_t* target, int width, int height, int swapped) {
  const int half_width = (width + 1) / 2, half_height = (height + 1) / 2;
  uint8_t* const u = target + (size_t)width * (size_t)height;
  uint8_t* const v = u + (size_t)half_width * (size_t)half_height;
  for (int y = 0; y < height; y += 2) {
    const int next = y + 1 < height ? y + 1 : y;
    const uint8_t* const upper = source + (size_t)y * 4 * (size_t)width;
    const uint8_t* const lower = source + (size_t)next * 4 * (size_t)width;
    uint8_t *const y0 = target + (size_t)y * (size_t)width, *const y1 = target + (size_t)next * (size_t)width;
    const size_t chroma = (size_t)(y / 2) * (size_t)half_width;
    // Two calls with a constant, so that each becomes a loop of its own.
    if (swapped) {
      rgb_rows(upper, lower, y0, y1, u + chroma, v + chroma, width, 1);
    } else {
      rgb_rows(upper, lower, y0, y1, u + chroma, v + chroma, width, 0);
    }
  }
}

static void from_nv12(const uint8_t* source, uint8_t* target, int width, int height) {
  const size_t luma_size = (size_t)width * (size_t)height;
  const size_t count = (size_t)((width + 1) / 2) * (size_t)((height + 1) / 2);
  memcpy(target, source, luma_size);
  const uint8_t* const pairs = source + luma_size;
  uint8_t *const u = target + luma_size, *const v = u + count;
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const v128_t a = wasm_v128_load(pairs + 2 * i), b = wasm_v128_load(pairs + 2 * i + 16);
    wasm_v128_store(u + i, wasm_i8x16_shuffle(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30));
    wasm_v128_store(v + i, wasm_i8x16_shuffle(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31));
  }
  for (; i < count; i++) {
    u[i] = pairs[2 * i];
    v[i] = pairs[2 * i + 1];
  }
}

void pixels_to_i420(PixelFormat format, const uint8_t* source, uint8_t* target, int width, int height) {
  switch (format) {
    case PIXELS_I420:
      memcpy(target, source, pixels_size(format, width, height));
      break;
    case PIXELS_NV12:
      from_nv12(source, target, width, height);
      break;
    default:
      from_rgb(source, target, width, height, format == PIXELS_BGRA);
  }
}

/* Everything below counts in 1/64: 1.164 Y', 1.793 V', 0.213 U', 0.533 V', 2.112 U', as factors of 2^15 of numbers that
 * were shifted up, so that a product is one rounding multiplication. */
enum { BY_Y = 19077, BY_V_RED = 29372, BY_U_GREEN = 3493, BY_V_GREEN = 8731, BY_U_BLUE = 17305 };

static inline int rounded(int a, int b) { return (a * b + 0x4000) >> 15; }
static inline uint8_t clamped(int value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value); }

static inline v128_t scaled(v128_t value, int shift, int by) {
  return wasm_i16x8_q15mulr_sat(wasm_i16x8_shl(value, (uint32_t)shift), wasm_i16x8_splat((int16_t)by));
}

/* Half of the last digit, added to what is going to be shifted down. */
enum { HALF = 32 };

static inline v128_t twice_low(v128_t value) { return wasm_i16x8_shuffle(value, value, 0, 0, 1, 1, 2, 2, 3, 3); }
static inline v128_t twice_high(v128_t value) { return wasm_i16x8_shuffle(value, value, 4, 4, 5, 5, 6, 6, 7, 7); }

/* Eight pixels: luma and what chroma adds to red and blue and takes from green; writes 32 octets. Only sums far above 255
 * reach the limit of 16 bits, so it makes no difference that HALF is in luma already. */
static inline void eight_to_rgba(v128_t y, v128_t to_red, v128_t from_green, v128_t to_blue, uint8_t* target) {
  const v128_t base = wasm_i16x8_add(scaled(wasm_i16x8_sub(y, wasm_i16x8_splat(16)), 7, BY_Y), wasm_i16x8_splat(HALF));
  const v128_t r = wasm_i16x8_shr(wasm_i16x8_add_sat(base, to_red), 6);
  const v128_t g = wasm_i16x8_shr(wasm_i16x8_sub_sat(base, from_green), 6);
  const v128_t b = wasm_i16x8_shr(wasm_i16x8_add_sat(base, to_blue), 6);
  const v128_t rb = wasm_u8x16_narrow_i16x8(r, b), ga = wasm_u8x16_narrow_i16x8(g, wasm_i16x8_splat(255));
  const v128_t low = wasm_i8x16_shuffle(rb, ga, 0, 16, 8, 24, 1, 17, 9, 25, 2, 18, 10, 26, 3, 19, 11, 27);
  const v128_t high = wasm_i8x16_shuffle(rb, ga, 4, 20, 12, 28, 5, 21, 13, 29, 6, 22, 14, 30, 7, 23, 15, 31);
  wasm_v128_store(target, low);
  wasm_v128_store(target + 16, high);
}

static void pixel_to_rgba(int y, int u, int v, uint8_t* pixel) {
  const int base = rounded((y - 16) * 128, BY_Y) + HALF, du = u - 128, dv = v - 128;
  pixel[0] = clamped((base + rounded(dv * 128, BY_V_RED)) >> 6);
  pixel[1] = clamped((base - rounded(du * 128, BY_U_GREEN) - rounded(dv * 128, BY_V_GREEN)) >> 6);
  pixel[2] = clamped((base + rounded(du * 256, BY_U_BLUE)) >> 6);
  pixel[3] = 255;
}

/* Two rows that share their chroma (the same row twice at the lower edge of an odd height). */
static void rows_to_rgba(const uint8_t* const y[2], const uint8_t* u, const uint8_t* v, uint8_t* const target[2], int width) {
  int x = 0;
  for (; x + 16 <= width; x += 16) {
    const v128_t middle = wasm_i16x8_splat(128);
    const v128_t du = wasm_i16x8_sub(wasm_u16x8_load8x8(u + x / 2), middle);
    const v128_t dv = wasm_i16x8_sub(wasm_u16x8_load8x8(v + x / 2), middle);
    const v128_t to_red = scaled(dv, 7, BY_V_RED), to_blue = scaled(du, 8, BY_U_BLUE);
    const v128_t from_green = wasm_i16x8_add_sat(scaled(du, 7, BY_U_GREEN), scaled(dv, 7, BY_V_GREEN));
    for (int row = 0; row < 2; row++) {
      const v128_t luma16 = wasm_v128_load(y[row] + x);
      eight_to_rgba(wasm_u16x8_extend_low_u8x16(luma16), twice_low(to_red), twice_low(from_green), twice_low(to_blue),
                    target[row] + 4 * x);
      eight_to_rgba(wasm_u16x8_extend_high_u8x16(luma16), twice_high(to_red), twice_high(from_green),
                    twice_high(to_blue), target[row] + 4 * x + 32);
    }
  }
  for (; x < width; x++) {
    for (int row = 0; row < 2; row++) pixel_to_rgba(y[row][x], u[x / 2], v[x / 2], target[row] + 4 * x);
  }
}

void pixels_i420_to_rgba(const uint8_t* source, uint8_t* target, int width, int height) {
  const size_t half_width = (size_t)((width + 1) / 2), half_height = (size_t)((height + 1) / 2);
  const uint8_t* const u = source + (size_t)width * (size_t)height;
  const uint8_t* const v = u + half_width * half_height;
  for (int y = 0; y < height; y += 2) {
    const size_t chroma = (size_t)(y / 2) * half_width;
    const size_t row = (size_t)y * (size_t)width, next = y + 1 < height ? row + (size_t)width : row;
    const uint8_t* const luma_rows[2] = {source + row, source + next};
    uint8_t* const targets[2] = {target + 4 * row, target + 4 * next};
    rows_to_rgba(luma_rows, u + chroma, v + chroma, targets, width);
  }
}
