/** Every function that install_encoder.cpp puts into the encoder's table, beside the C function that stood there. */
#include "deblocking.h"
#include "decode_mb_aux.h"
#include "encode_mb_aux.h"
#include "encoder.h"
#include "get_intra_predictor.h"
#include "kernels.h"
#include "md.h"
#include "sample.h"
#include "selftest/blocks.h"
#include "set_mb_syn_cavlc.h"
#include "svc_motion_estimate.h"
#include "wels_func_ptr_def.h"

namespace selftest {

namespace {

using namespace WelsEnc;

/** The table as openh264 fills it for a processor without vectors. */
SWelsFuncPtrList openh264_table() {
  SWelsFuncPtrList table = {};
  WelsInitMeFunc(&table, 0, true);
  WelsInitSampleSadFunc(&table, 0);
  WelsInitEncodingFuncs(&table, 0);
  WelsInitReconstructionFuncs(&table, 0);
  WelsInitIntraPredFuncs(&table, 0);
  InitIntraAnalysisVaaInfo(&table, 0);
  InitCoeffFunc(&table, 0, 0);
  WelsCommon::InitMcFunc(&table.sMcFuncs, 0);
  DeblockingInit(&table.pfDeblocking, 0);
  WelsBlockFuncInit(&table.pfSetNZCZero, 0);
  table.pfSetMemZeroSize8 = table.pfSetMemZeroSize64 = table.pfSetMemZeroSize64Aligned16 = WelsSetMemZero_c;
  return table;
}

SWelsFuncPtrList our_table() {
  SWelsFuncPtrList table = openh264_table();
  wsmedia_install_encoder_kernels(&table);
  return table;
}

const SWelsFuncPtrList& theirs() {
  static const SWelsFuncPtrList table = openh264_table();
  return table;
}

const SWelsFuncPtrList& ours() {
  static const SWelsFuncPtrList table = our_table();
  return table;
}

bool same_transform(Random& random, PDctFunc expected_by, PDctFunc found_by) {
  static Plane a, b;
  Values expected, found;
  a.fill(random);
  b.fill(random);
  expected.fill(random, -9, 9);
  found = expected;
  expected_by(expected.at, a.at(), a.stride, b.at(), b.stride);
  found_by(found.at, a.at(), a.stride, b.at(), b.stride);
  return expected == found;
}

bool same_inverse(Random& random, PIDctFunc expected_by, PIDctFunc found_by) {
  static Plane prediction, expected, found;
  Values coefficients;
  prediction.fill(random);
  expected.fill(random);
  found = expected;
  fill_coefficients(random, coefficients);
  Values copy = coefficients;
  expected_by(expected.at(), expected.stride, prediction.at(), prediction.stride, coefficients.at);
  found_by(found.at(), found.stride, prediction.at(), prediction.stride, copy.at);
  return expected == found && coefficients == copy;
}

/** Coefficients of any 16 bits, or sizes that pictures have; rounding and factors of any quantisation parameter. */
struct QuantizerNumbers {
  Values coefficients;
  const int16_t *rounding, *factor;

  explicit QuantizerNumbers(Random& random) {
    const int32_t largest = pick(random, {40, 2000, 32767});
    coefficients.fill(random, -largest - 1, largest);
    const int32_t parameter = random.between(0, 51);
    rounding = g_kiQuantInterFF[parameter + pick(random, {0, 6})];
    factor = g_kiQuantMF[parameter];
  }
};

bool same_quantization(Random& random, PQuantizationFunc expected_by, PQuantizationFunc found_by) {
  QuantizerNumbers n(random);
  Values copy = n.coefficients;
  expected_by(n.coefficients.at, n.rounding, n.factor);
  found_by(copy.at, n.rounding, n.factor);
  return n.coefficients == copy;
}

bool same_dc_quantization(Random& random, PQuantizationDcFunc expected_by, PQuantizationDcFunc found_by) {
  QuantizerNumbers n(random);
  Values copy = n.coefficients;
  const int16_t rounding = static_cast<int16_t>(n.rounding[0] << 1), factor = static_cast<int16_t>(n.factor[0] >> 1);
  expected_by(n.coefficients.at, rounding, factor);
  found_by(copy.at, rounding, factor);
  return n.coefficients == copy;
}

bool same_max_quantization(Random& random, PQuantizationMaxFunc expected_by, PQuantizationMaxFunc found_by) {
  QuantizerNumbers n(random);
  Values copy = n.coefficients;
  int16_t expected[4], found[4];
  expected_by(n.coefficients.at, n.rounding, n.factor, expected);
  found_by(copy.at, n.rounding, n.factor, found);
  return n.coefficients == copy && memcmp(expected, found, sizeof expected) == 0;
}

bool same_dequantization(Random& random, PDeQuantizationFunc expected_by, PDeQuantizationFunc found_by) {
  Values expected;
  expected.fill(random, -32768, 32767);
  Values found = expected;
  const uint16_t* factor = g_kuiDequantCoeff[random.between(0, 51)];
  expected_by(expected.at, factor);
  found_by(found.at, factor);
  return expected == found;
}

bool same_scan(Random& random, PScanFunc expected_by, PScanFunc found_by) {
  Values coefficients, expected;
  coefficients.fill(random, -32768, 32767);
  expected.fill(random, -9, 9);
  Values found = expected;
  expected_by(expected.at, coefficients.at);
  found_by(found.at, coefficients.at);
  return expected == found;
}

bool same_count(Random& random, PGetNoneZeroCountFunc expected_by, PGetNoneZeroCountFunc found_by) {
  Values levels;
  levels.fill_sparsely(random);
  return expected_by(levels.at) == found_by(levels.at);
}

bool same_runs(Random& random, PCavlcParamCalFunc expected_by, PCavlcParamCalFunc found_by) {
  Values levels, expected, found;
  levels.fill_sparsely(random);
  expected.fill(random, 0, 0);
  found = expected;
  uint8_t expected_runs[16] = {}, found_runs[16] = {};
  int32_t expected_total = 0, found_total = 0;
  const int32_t last = pick(random, {15, 14, 3});
  const int32_t expected_zeros = expected_by(levels.at, expected_runs, expected.at, &expected_total, last);
  const int32_t found_zeros = found_by(levels.at, found_runs, found.at, &found_total, last);
  return expected_zeros == found_zeros && expected_total == found_total && expected == found &&
         memcmp(expected_runs, found_runs, 16) == 0;
}

bool same_prediction(Random& random, PGetIntraPredFunc expected_by, PGetIntraPredFunc found_by) {
  static Plane neighbours, expected, found;
  neighbours.fill(random);
  expected.fill(random);
  found = expected;
  expected_by(expected.at(), neighbours.at(), neighbours.stride);
  found_by(found.at(), neighbours.at(), neighbours.stride);
  return expected == found;
}

bool same_variance(Random& random, PGetVarianceFromIntraVaaFunc expected_by, PGetVarianceFromIntraVaaFunc found_by) {
  static Plane block;
  block.fill(random);
  return expected_by(block.at(), block.stride) == found_by(block.at(), block.stride);
}

bool same_zeroing(Random& random, PSetMemoryZero expected_by, PSetMemoryZero found_by, int32_t unit) {
  static Plane expected, found;
  expected.fill(random);
  found = expected;
  const int32_t octets = unit * random.between(0, 6);
  expected_by(expected.at(), octets);
  found_by(found.at(), octets);
  return expected == found;
}

bool same_flags(Random& random, PSetNoneZeroCountZeroFunc expected_by, PSetNoneZeroCountZeroFunc found_by) {
  int8_t expected[32], found[32];
  for (int8_t& count : expected) count = static_cast<int8_t>(random.between(0, 1) * random.between(-128, 127));
  memcpy(found, expected, sizeof expected);
  expected_by(expected);
  found_by(found);
  return memcmp(expected, found, sizeof expected) == 0;
}

bool same_sum(Random& random, PCalculateSingleBlockFeature expected_by, PCalculateSingleBlockFeature found_by) {
  static Plane block;
  block.fill(random);
  return expected_by(block.at(), block.stride) == found_by(block.at(), block.stride);
}

/** Sums of all places in a small picture, and how often each was met. */
bool same_sums(Random& random, PCalculateBlockFeatureOfFrame expected_by, PCalculateBlockFeatureOfFrame found_by) {
  static Plane picture;
  static uint16_t expected[64 * 40], found[64 * 40];
  static uint32_t expected_times[65536], found_times[65536];
  picture.fill(random);
  const int32_t width = random.between(1, 60), height = random.between(1, 20);
  memset(expected, 0x55, sizeof expected);
  memset(found, 0x55, sizeof found);
  memset(expected_times, 0, sizeof expected_times);
  memset(found_times, 0, sizeof found_times);
  expected_by(picture.at(), width, height, picture.stride, expected, expected_times);
  found_by(picture.at(), width, height, picture.stride, found, found_times);
  return memcmp(expected, found, sizeof expected) == 0 &&
         memcmp(expected_times, found_times, sizeof expected_times) == 0;
}

/** A kernel that was not installed would agree with itself: that is a disagreement too. */
#define CHECK(field, trial, ...)                                                                          \
  {#field, [](Random& random) {                                                                           \
     return theirs().field != ours().field && trial(random, theirs().field, ours().field, ##__VA_ARGS__); \
   }}

#define CHECK_SIZE(block)                                                                                              \
  CHECK(sSampleDealingFuncs.pfSampleSad[block], same_cost), CHECK(sSampleDealingFuncs.pfSampleSatd[block], same_cost), \
      CHECK(sSampleDealingFuncs.pfSample4Sad[block], same_four_costs)

const Check checks[] = {
    CHECK_SIZE(BLOCK_16x16),
    CHECK_SIZE(BLOCK_16x8),
    CHECK_SIZE(BLOCK_8x16),
    CHECK_SIZE(BLOCK_8x8),
    CHECK_SIZE(BLOCK_8x4),
    CHECK_SIZE(BLOCK_4x8),
    CHECK_SIZE(BLOCK_4x4),
    CHECK(pfDctT4, same_transform),
    CHECK(pfDctFourT4, same_transform),
    CHECK(pfIDctT4, same_inverse),
    CHECK(pfIDctFourT4, same_inverse),
    CHECK(pfIDctI16x16Dc, same_inverse),
    CHECK(pfQuantization4x4, same_quantization),
    CHECK(pfQuantizationDc4x4, same_dc_quantization),
    CHECK(pfQuantizationFour4x4, same_quantization),
    CHECK(pfQuantizationFour4x4Max, same_max_quantization),
    CHECK(pfDequantization4x4, same_dequantization),
    CHECK(pfDequantizationFour4x4, same_dequantization),
    CHECK(pfScan4x4, same_scan),
    CHECK(pfScan4x4Ac, same_scan),
    CHECK(pfGetNoneZeroCount, same_count),
    CHECK(pfCalculateSingleCtr4x4, same_count),
    CHECK(pfCavlcParamCal, same_runs),
    CHECK(sMcFuncs.pfLumaHalfpelHor, same_filter, pick(random, {17, 9, 5}), pick(random, {16, 8, 4})),
    CHECK(sMcFuncs.pfLumaHalfpelVer, same_filter, pick(random, {16, 8, 4}), pick(random, {17, 9, 5})),
    CHECK(sMcFuncs.pfLumaHalfpelCen, same_filter, pick(random, {17, 9, 5}), pick(random, {17, 9, 5})),
    CHECK(sMcFuncs.pMcLumaFunc, same_luma_motion),
    CHECK(sMcFuncs.pMcChromaFunc, same_chroma_motion),
    CHECK(sMcFuncs.pfSampleAveraging, same_average),
    CHECK(pfDeblocking.pfLumaDeblockingLT4Ver, same_luma_edge),
    CHECK(pfDeblocking.pfLumaDeblockingLT4Hor, same_luma_edge),
    CHECK(pfDeblocking.pfLumaDeblockingEQ4Ver, same_strong_luma_edge),
    CHECK(pfDeblocking.pfLumaDeblockingEQ4Hor, same_strong_luma_edge),
    CHECK(pfDeblocking.pfChromaDeblockingLT4Ver, same_chroma_edge),
    CHECK(pfDeblocking.pfChromaDeblockingLT4Hor, same_chroma_edge),
    CHECK(pfDeblocking.pfChromaDeblockingEQ4Ver, same_strong_chroma_edge),
    CHECK(pfDeblocking.pfChromaDeblockingEQ4Hor, same_strong_chroma_edge),
    CHECK(pfCopy16x16Aligned, same_copy),
    CHECK(pfCopy16x16NotAligned, same_copy),
    CHECK(pfCopy16x8NotAligned, same_copy),
    CHECK(pfCopy8x16Aligned, same_copy),
    CHECK(pfCopy8x8Aligned, same_copy),
    CHECK(pfSetMemZeroSize8, same_zeroing, 8),
    CHECK(pfSetMemZeroSize64, same_zeroing, 64),
    CHECK(pfSetMemZeroSize64Aligned16, same_zeroing, 64),
    CHECK(pfSetNZCZero, same_flags),
    CHECK(pfGetLumaI16x16Pred[I16_PRED_V], same_prediction),
    CHECK(pfGetLumaI16x16Pred[I16_PRED_H], same_prediction),
    CHECK(pfGetLumaI16x16Pred[I16_PRED_DC], same_prediction),
    CHECK(pfGetLumaI16x16Pred[I16_PRED_P], same_prediction),
    CHECK(pfGetChromaPred[C_PRED_P], same_prediction),
    CHECK(pfGetVarianceFromIntraVaa, same_variance),
    CHECK(pfCalculateSingleBlockFeature[0], same_sum),
    CHECK(pfCalculateSingleBlockFeature[1], same_sum),
    CHECK(pfCalculateBlockFeatureOfFrame[0], same_sums),
    CHECK(pfCalculateBlockFeatureOfFrame[1], same_sums),
};

}  // namespace

Checks encoder_checks() { return {checks, sizeof checks / sizeof checks[0]}; }

}  // namespace selftest
