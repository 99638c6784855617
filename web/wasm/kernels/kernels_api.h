/**
 * Every kernel's declaration: install_encoder.cpp and install_decoder.cpp put them into openh264's tables, the
 * self-test compares them with the C functions of the same signature.
 *
 * Each gives exactly what openh264's C function of that job gives, for every input that an encoder or a conforming
 * picture can produce (transform.cpp says where the inverse transform's limits are).
 */
#ifndef WSMEDIA_KERNELS_API_H
#define WSMEDIA_KERNELS_API_H

#include <stdint.h>

namespace wsmedia {

// sad.cpp: sum of absolute differences; `sad_four` above, below, left and right of the reference block.
template <int width, int height>
int32_t sad(uint8_t* a, int32_t stride_a, uint8_t* b, int32_t stride_b);
template <int width, int height>
void sad_four(uint8_t* a, int32_t stride_a, uint8_t* b, int32_t stride_b, int32_t* sums);

// satd.cpp: half the sum of absolute Hadamard-transformed differences, 4×4 by 4×4.
template <int width, int height>
int32_t satd(uint8_t* a, int32_t stride_a, uint8_t* b, int32_t stride_b);

// transform.cpp: the 4×4 core transform of a difference, and its inverse added to a prediction.
void forward_4x4(int16_t* coefficients, uint8_t* a, int32_t stride_a, uint8_t* b, int32_t stride_b);
void forward_four_4x4(int16_t* coefficients, uint8_t* a, int32_t stride_a, uint8_t* b, int32_t stride_b);
void inverse_4x4(uint8_t* out, int32_t stride, uint8_t* prediction, int32_t prediction_stride, int16_t* coefficients);
void inverse_four_4x4(uint8_t* out, int32_t stride, uint8_t* prediction, int32_t prediction_stride,
                      int16_t* coefficients);
void inverse_16x16_dc(uint8_t* out, int32_t stride, uint8_t* prediction, int32_t prediction_stride, int16_t* dc);
void inverse_4x4_in_place(uint8_t* samples, int32_t stride, int16_t* coefficients);
void inverse_four_4x4_in_place(uint8_t* samples, int32_t stride, int16_t* coefficients, const int8_t* nonzero_counts);

// quantize.cpp
void quantize_4x4(int16_t* coefficients, const int16_t* rounding, const int16_t* factor);
void quantize_dc_4x4(int16_t* coefficients, int16_t rounding, int16_t factor);
void quantize_four_4x4(int16_t* coefficients, const int16_t* rounding, const int16_t* factor);
void quantize_four_4x4_max(int16_t* coefficients, const int16_t* rounding, const int16_t* factor, int16_t* largest);
void dequantize_4x4(int16_t* coefficients, const uint16_t* factor);
void dequantize_four_4x4(int16_t* coefficients, const uint16_t* factor);

// coefficients.cpp: what the entropy coder asks of a block of levels.
void zigzag(int16_t* levels, int16_t* coefficients);
void zigzag_without_dc(int16_t* levels, int16_t* coefficients);
int32_t count_nonzero(int16_t* levels);
int32_t single_level_cost(int16_t* levels);
int32_t runs_and_levels(int16_t* coefficients, uint8_t* runs, int16_t* levels, int32_t* total, int32_t last_index);

// motion.cpp: fractional motion compensation. Motion vectors count quarter samples (luma) or eighths (chroma).
void luma_half_horizontal(const uint8_t* from, int32_t from_stride, uint8_t* to, int32_t to_stride, int32_t width,
                          int32_t height);
void luma_half_vertical(const uint8_t* from, int32_t from_stride, uint8_t* to, int32_t to_stride, int32_t width,
                        int32_t height);
void luma_half_centre(const uint8_t* from, int32_t from_stride, uint8_t* to, int32_t to_stride, int32_t width,
                      int32_t height);
void luma_motion(const uint8_t* from, int32_t from_stride, uint8_t* to, int32_t to_stride, int16_t mv_x, int16_t mv_y,
                 int32_t width, int32_t height);
void average(uint8_t* to, int32_t to_stride, const uint8_t* a, int32_t stride_a, const uint8_t* b, int32_t stride_b,
             int32_t width, int32_t height);
// motion_chroma.cpp
void chroma_motion(const uint8_t* from, int32_t from_stride, uint8_t* to, int32_t to_stride, int16_t mv_x, int16_t mv_y,
                   int32_t width, int32_t height);

// deblock_luma.cpp, deblock_chroma.cpp: "across rows" filters a horizontal edge, "across columns" a vertical one.
void deblock_luma_across_rows(uint8_t* at, int32_t stride, int32_t alpha, int32_t beta, int8_t* limits);
void deblock_luma_across_columns(uint8_t* at, int32_t stride, int32_t alpha, int32_t beta, int8_t* limits);
void deblock_luma_strong_across_rows(uint8_t* at, int32_t stride, int32_t alpha, int32_t beta);
void deblock_luma_strong_across_columns(uint8_t* at, int32_t stride, int32_t alpha, int32_t beta);
void deblock_chroma_across_rows(uint8_t* cb, uint8_t* cr, int32_t stride, int32_t alpha, int32_t beta, int8_t* limits);
void deblock_chroma_across_columns(uint8_t* cb, uint8_t* cr, int32_t stride, int32_t alpha, int32_t beta,
                                   int8_t* limits);
void deblock_chroma_strong_across_rows(uint8_t* cb, uint8_t* cr, int32_t stride, int32_t alpha, int32_t beta);
void deblock_chroma_strong_across_columns(uint8_t* cb, uint8_t* cr, int32_t stride, int32_t alpha, int32_t beta);

// copy.cpp
template <int width, int height>
void copy(uint8_t* to, int32_t to_stride, uint8_t* from, int32_t from_stride);
void zero(void* at, int32_t octets);
void counts_to_flags(int8_t* nonzero_counts);

// intra.cpp: 16×16 and 8×8 predictions, written with stride 16 (luma) and 8 (chroma).
void predict_luma_vertical(uint8_t* to, uint8_t* block, int32_t stride);
void predict_luma_horizontal(uint8_t* to, uint8_t* block, int32_t stride);
void predict_luma_dc(uint8_t* to, uint8_t* block, int32_t stride);
void predict_luma_plane(uint8_t* to, uint8_t* block, int32_t stride);
void predict_chroma_plane(uint8_t* to, uint8_t* block, int32_t stride);
int32_t variance_of_4x4_means(uint8_t* block, int32_t stride);

// features.cpp: sums of size × size samples, one or those of `width` × `height` places; `times` counts how often each
// sum was met.
template <int size>
int32_t block_sum(uint8_t* block, int32_t stride);
template <int size>
void block_sums_of_picture(uint8_t* picture, int32_t width, int32_t height, int32_t stride, uint16_t* sums,
                           uint32_t* times);

}  // namespace wsmedia

#endif
