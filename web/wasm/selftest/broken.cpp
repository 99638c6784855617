/** Kernels with the mistakes that are easily made, beside the right ones: what the trials are worth. */
#include "kernels/kernels_api.h"
#include "selftest/blocks.h"

namespace selftest {

namespace {

/** Forgets the last row. */
int32_t sad_of_15_rows(uint8_t* a, int32_t stride_a, uint8_t* b, int32_t stride_b) {
  return wsmedia::sad<16, 8>(a, stride_a, b, stride_b) +
         wsmedia::sad<16, 8>(a + 7 * stride_a, stride_a, b + 7 * stride_b, stride_b);
}

/** Writes one sample too many. */
void copy_17_samples(uint8_t* to, int32_t to_stride, uint8_t* from, int32_t from_stride) {
  wsmedia::copy<16, 16>(to, to_stride, from, from_stride);
  to[16] = from[16];
}

/** Averages with the wrong neighbour at one of sixteen positions. */
void motion_off_by_one(const uint8_t* from, int32_t from_stride, uint8_t* to, int32_t to_stride, int16_t x, int16_t y,
                       int32_t width, int32_t height) {
  const bool wrong = (x & 3) == 3 && (y & 3) == 3;
  wsmedia::luma_motion(from, from_stride, to, to_stride, wrong ? x - 2 : x, y, width, height);
}

/** Takes "less" for "less or equal" in the threshold alpha. */
void edge_with_larger_alpha(uint8_t* at, int32_t stride, int32_t alpha, int32_t beta, int8_t* limits) {
  wsmedia::deblock_luma_across_rows(at, stride, alpha < 255 ? alpha + 1 : 255, beta, limits);
}

const Check checks[] = {
    {"a row is forgotten", [](Random& random) { return same_cost(random, wsmedia::sad<16, 16>, sad_of_15_rows); }},
    {"a sample too many is written",
     [](Random& random) { return same_copy(random, wsmedia::copy<16, 16>, copy_17_samples); }},
    {"one motion of sixteen is wrong",
     [](Random& random) { return same_luma_motion(random, wsmedia::luma_motion, motion_off_by_one); }},
    {"a threshold is off by one",
     [](Random& random) { return same_luma_edge(random, wsmedia::deblock_luma_across_rows, edge_with_larger_alpha); }},
};

}  // namespace

Checks broken_checks() { return {checks, sizeof checks / sizeof checks[0]}; }

}  // namespace selftest
