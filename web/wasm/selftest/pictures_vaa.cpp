/** The measures of differences between two pictures (differences_vaa.cpp), beside openh264's. */
#include "kernels.h"
#include "selftest/selftest.h"
#include "vaacalculation.h"

WELSVP_NAMESPACE_BEGIN
VAACalcSadFunc upstream_VAACalcSad_c;
VAACalcSadBgdFunc upstream_VAACalcSadBgd_c;
VAACalcSadSsdFunc upstream_VAACalcSadSsd_c;
VAACalcSadSsdBgdFunc upstream_VAACalcSadSsdBgd_c;
VAACalcSadVarFunc upstream_VAACalcSadVar_c;
WELSVP_NAMESPACE_END

namespace selftest {

namespace {

using namespace WelsVP;

/** Room for eight macroblocks, 32 blocks of 8×8. */
struct Found {
  int32_t picture_sad, sad[40], signed_sum[40], sum[10], square_sum[10], squared_difference[10];
  uint8_t largest[40];
};

/** Two pictures of up to four by two macroblocks; an odd size leaves a rest that is not measured. */
struct Pictures {
  Plane current, reference;
  int32_t width, height;

  void fill(Random& random) {
    current.fill(random);
    reference.fill(random);
    width = random.between(0, 79);
    height = random.between(0, 47);
    current.stride = reference.stride = width + random.between(0, 40);
    current.start = random.between(0, 40);
    reference.start = random.between(0, 40);
  }
};

template <typename Measure>
bool same(Random& random, Measure measure) {
  static Pictures pictures;
  static Found expected, found;
  pictures.fill(random);
  memset(&expected, 0x55, sizeof expected);
  found = expected;
  wsmedia_kernels_on = 0;
  measure(pictures, expected, true);
  wsmedia_kernels_on = 1;
  measure(pictures, found, false);
  return memcmp(&expected, &found, sizeof expected) == 0;
}

#define CHECK(name, ...)                                                                                        \
  {#name, [](Random& random) {                                                                                  \
     return same(random, [](Pictures& p, Found& f, bool theirs) {                                               \
       (theirs ? upstream_##name : name)(p.current.at(), p.reference.at(), p.width, p.height, p.current.stride, \
                                         &f.picture_sad, f.sad, ##__VA_ARGS__);                                 \
     });                                                                                                        \
   }}

const Check checks[] = {
    CHECK(VAACalcSad_c),
    CHECK(VAACalcSadBgd_c, f.signed_sum, f.largest),
    CHECK(VAACalcSadVar_c, f.sum, f.square_sum),
    CHECK(VAACalcSadSsd_c, f.sum, f.square_sum, f.squared_difference),
    CHECK(VAACalcSadSsdBgd_c, f.sum, f.square_sum, f.squared_difference, f.signed_sum, f.largest),
};

}  // namespace

Checks picture_checks() { return {checks, sizeof checks / sizeof checks[0]}; }

}  // namespace selftest
