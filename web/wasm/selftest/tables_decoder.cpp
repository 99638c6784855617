/** Every function that install_decoder.cpp puts into a decoder's context, beside the C function that stood there. */
#include <stdlib.h>

#include "deblocking.h"
#include "decoder.h"
#include "decoder_context.h"
#include "kernels.h"
#include "selftest/blocks.h"

namespace WelsDec {
// In the tests' module as in the page's, this name is ours and installs the kernels (renames.txt).
void upstream_DeblockingInit(PDeblockingFunc functions, int32_t cpu_flags);
}  // namespace WelsDec

namespace selftest {

namespace {

using namespace WelsDec;

/** The functions of a context as openh264 fills them for a processor without vectors. It is large, so not on the stack.
 */
SWelsDecoderContext* openh264_context() {
  auto* const context = static_cast<SWelsDecoderContext*>(calloc(1, sizeof(SWelsDecoderContext)));
  if (context == nullptr) abort();
  InitPredFunc(context, 0);
  WelsCommon::InitMcFunc(&context->sMcFunc, 0);
  upstream_DeblockingInit(&context->sDeblockingFunc, 0);
  return context;
}

SWelsDecoderContext* our_context() {
  SWelsDecoderContext* const context = openh264_context();
  wsmedia_install_decoder_kernels(context);
  return context;
}

const SWelsDecoderContext& theirs() {
  static const SWelsDecoderContext* const context = openh264_context();
  return *context;
}

const SWelsDecoderContext& ours() {
  static const SWelsDecoderContext* const context = our_context();
  return *context;
}

bool same_inverse(Random& random, PIdctResAddPredFunc expected_by, PIdctResAddPredFunc found_by) {
  static Plane expected, found;
  Values coefficients;
  expected.fill(random);
  found = expected;
  fill_coefficients(random, coefficients);
  Values copy = coefficients;
  expected_by(expected.at(), expected.stride, coefficients.at);
  found_by(found.at(), found.stride, copy.at);
  return expected == found && coefficients == copy;
}

bool same_four_inverses(Random& random, PIdctFourResAddPredFunc expected_by, PIdctFourResAddPredFunc found_by) {
  static Plane expected, found;
  Values coefficients;
  expected.fill(random);
  found = expected;
  fill_coefficients(random, coefficients);
  // Blocks with neither a count nor a DC are left out, whatever stands in their coefficients.
  int8_t counts[8];
  for (int8_t& count : counts) count = static_cast<int8_t>(random.between(0, 1) * random.between(1, 16));
  for (int block = 0; block < 4; block++) {
    if (random.between(0, 1)) coefficients.at[16 * block] = 0;
  }
  Values copy = coefficients;
  expected_by(expected.at(), expected.stride, coefficients.at, counts);
  found_by(found.at(), found.stride, copy.at, counts);
  return expected == found && coefficients == copy;
}

#define CHECK(field, trial) \
  {"decoder." #field,       \
   [](Random& random) { return theirs().field != ours().field && trial(random, theirs().field, ours().field); }}

const Check checks[] = {
    CHECK(pIdctResAddPredFunc, same_inverse),
    CHECK(pIdctFourResAddPredFunc, same_four_inverses),
    CHECK(sMcFunc.pMcLumaFunc, same_luma_motion),
    CHECK(sMcFunc.pMcChromaFunc, same_chroma_motion),
    CHECK(sMcFunc.pfSampleAveraging, same_average),
    CHECK(sDeblockingFunc.pfLumaDeblockingLT4Ver, same_luma_edge),
    CHECK(sDeblockingFunc.pfLumaDeblockingLT4Hor, same_luma_edge),
    CHECK(sDeblockingFunc.pfLumaDeblockingEQ4Ver, same_strong_luma_edge),
    CHECK(sDeblockingFunc.pfLumaDeblockingEQ4Hor, same_strong_luma_edge),
    CHECK(sDeblockingFunc.pfChromaDeblockingLT4Ver, same_chroma_edge),
    CHECK(sDeblockingFunc.pfChromaDeblockingLT4Hor, same_chroma_edge),
    CHECK(sDeblockingFunc.pfChromaDeblockingEQ4Ver, same_strong_chroma_edge),
    CHECK(sDeblockingFunc.pfChromaDeblockingEQ4Hor, same_strong_chroma_edge),
};

}  // namespace

Checks decoder_checks() { return {checks, sizeof checks / sizeof checks[0]}; }

}  // namespace selftest
