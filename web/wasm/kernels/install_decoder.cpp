/** Puts the kernels into a decoder's context; the hook of kernels.h calls it for every new decoder. */
#include "decoder_context.h"
#include "kernels.h"
#include "kernels/kernels_api.h"

extern "C" void wsmedia_install_decoder_kernels(void* decoder_context) {
  using namespace wsmedia;
  using namespace WelsDec;
  SWelsDecoderContext& context = *static_cast<SWelsDecoderContext*>(decoder_context);

  context.pIdctResAddPredFunc = inverse_4x4_in_place;
  context.pIdctFourResAddPredFunc = inverse_four_4x4_in_place;

  SMcFunc& motion = context.sMcFunc;
  motion.pMcLumaFunc = luma_motion;
  motion.pMcChromaFunc = chroma_motion;
  motion.pfSampleAveraging = average;

  SDeblockingFunc& deblocking = context.sDeblockingFunc;
  deblocking.pfLumaDeblockingLT4Ver = deblock_luma_across_rows;
  deblocking.pfLumaDeblockingLT4Hor = deblock_luma_across_columns;
  deblocking.pfLumaDeblockingEQ4Ver = deblock_luma_strong_across_rows;
  deblocking.pfLumaDeblockingEQ4Hor = deblock_luma_strong_across_columns;
  deblocking.pfChromaDeblockingLT4Ver = deblock_chroma_across_rows;
  deblocking.pfChromaDeblockingLT4Hor = deblock_chroma_across_columns;
  deblocking.pfChromaDeblockingEQ4Ver = deblock_chroma_strong_across_rows;
  deblocking.pfChromaDeblockingEQ4Hor = deblock_chroma_strong_across_columns;
}
