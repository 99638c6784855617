/** Puts the kernels into the encoder's table of functions; the hook of kernels.h calls it for every new encoder. */
#include "kernels.h"
#include "kernels/kernels_api.h"
#include "wels_func_ptr_def.h"

extern "C" void wsmedia_install_encoder_kernels(void* function_list) {
  using namespace wsmedia;
  using namespace WelsEnc;
  SWelsFuncPtrList& table = *static_cast<SWelsFuncPtrList*>(function_list);

  SSampleDealingFunc& samples = table.sSampleDealingFuncs;
#define FOR_SIZE(block, width, height)               \
  samples.pfSampleSad[block] = sad<width, height>;   \
  samples.pfSampleSatd[block] = satd<width, height>; \
  samples.pfSample4Sad[block] = sad_four<width, height>;
  FOR_SIZE(BLOCK_16x16, 16, 16)
  FOR_SIZE(BLOCK_16x8, 16, 8)
  FOR_SIZE(BLOCK_8x16, 8, 16)
  FOR_SIZE(BLOCK_8x8, 8, 8)
  FOR_SIZE(BLOCK_8x4, 8, 4)
  FOR_SIZE(BLOCK_4x8, 4, 8)
  FOR_SIZE(BLOCK_4x4, 4, 4)
#undef FOR_SIZE

  table.pfDctT4 = forward_4x4;
  table.pfDctFourT4 = forward_four_4x4;
  table.pfIDctT4 = inverse_4x4;
  table.pfIDctFourT4 = inverse_four_4x4;
  table.pfIDctI16x16Dc = inverse_16x16_dc;

  table.pfQuantization4x4 = quantize_4x4;
  table.pfQuantizationDc4x4 = quantize_dc_4x4;
  table.pfQuantizationFour4x4 = quantize_four_4x4;
  table.pfQuantizationFour4x4Max = quantize_four_4x4_max;
  table.pfDequantization4x4 = dequantize_4x4;
  table.pfDequantizationFour4x4 = dequantize_four_4x4;

  table.pfScan4x4 = zigzag;
  table.pfScan4x4Ac = zigzag_without_dc;
  table.pfGetNoneZeroCount = count_nonzero;
  table.pfCalculateSingleCtr4x4 = single_level_cost;
  // Only CAVLC asks for runs; with CABAC the pointer is not used.
  table.pfCavlcParamCal = runs_and_levels;

  SMcFunc& motion = table.sMcFuncs;
  motion.pfLumaHalfpelHor = luma_half_horizontal;
  motion.pfLumaHalfpelVer = luma_half_vertical;
  motion.pfLumaHalfpelCen = luma_half_centre;
  motion.pMcLumaFunc = luma_motion;
  motion.pMcChromaFunc = chroma_motion;
  motion.pfSampleAveraging = average;

  DeblockingFunc& deblocking = table.pfDeblocking;
  deblocking.pfLumaDeblockingLT4Ver = deblock_luma_across_rows;
  deblocking.pfLumaDeblockingLT4Hor = deblock_luma_across_columns;
  deblocking.pfLumaDeblockingEQ4Ver = deblock_luma_strong_across_rows;
  deblocking.pfLumaDeblockingEQ4Hor = deblock_luma_strong_across_columns;
  deblocking.pfChromaDeblockingLT4Ver = deblock_chroma_across_rows;
  deblocking.pfChromaDeblockingLT4Hor = deblock_chroma_across_columns;
  deblocking.pfChromaDeblockingEQ4Ver = deblock_chroma_strong_across_rows;
  deblocking.pfChromaDeblockingEQ4Hor = deblock_chroma_strong_across_columns;

  table.pfCopy16x16Aligned = copy<16, 16>;
  table.pfCopy16x16NotAligned = copy<16, 16>;
  table.pfCopy16x8NotAligned = copy<16, 8>;
  table.pfCopy8x16Aligned = copy<8, 16>;
  table.pfCopy8x8Aligned = copy<8, 8>;
  table.pfSetMemZeroSize8 = zero;
  table.pfSetMemZeroSize64 = zero;
  table.pfSetMemZeroSize64Aligned16 = zero;
  table.pfSetNZCZero = counts_to_flags;

  table.pfGetLumaI16x16Pred[I16_PRED_V] = predict_luma_vertical;
  table.pfGetLumaI16x16Pred[I16_PRED_H] = predict_luma_horizontal;
  table.pfGetLumaI16x16Pred[I16_PRED_DC] = predict_luma_dc;
  table.pfGetLumaI16x16Pred[I16_PRED_P] = predict_luma_plane;
  table.pfGetChromaPred[C_PRED_P] = predict_chroma_plane;
  table.pfGetVarianceFromIntraVaa = variance_of_4x4_means;

  // Only an encoder of screens has them.
  if (table.pfCalculateSingleBlockFeature[0] != nullptr) {
    table.pfCalculateSingleBlockFeature[0] = block_sum<8>;
    table.pfCalculateSingleBlockFeature[1] = block_sum<16>;
    table.pfCalculateBlockFeatureOfFrame[0] = block_sums_of_picture<8>;
    table.pfCalculateBlockFeatureOfFrame[1] = block_sums_of_picture<16>;
  }
}
