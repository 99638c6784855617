/* Opus for calls, as JavaScript calls it (src/codecs/opus-*.ts): mono, 48 kHz, one encoder or decoder to an instance.
 *
 * Samples and packets lie in fixed places whose addresses are given once. */
#include <opus.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EXPORT(name) __attribute__((export_name(#name))) name

enum { RATE = 48000, FRAME = 960, LONGEST = 5760, LARGEST_PACKET = 1500, COMPLEXITY = 8 };
enum { BAD_ARGUMENT = -1, BAD_STATE = -2, NO_MEMORY = -3, CODEC = -4 };

static OpusEncoder* encoder;
static OpusDecoder* decoder;
static float samples[LONGEST];
static uint8_t packet[LARGEST_PACKET];

/* Room for the longest packet's samples (120 ms), and for a packet. */
float* EXPORT(opus_samples)(void) { return samples; }
uint8_t* EXPORT(opus_packet)(void) { return packet; }

int EXPORT(opus_set_bitrate)(int bits_per_second) {
  if (encoder == NULL) return BAD_STATE;
  if (bits_per_second < 6000 || bits_per_second > 256000) return BAD_ARGUMENT;
  return opus_encoder_ctl(encoder, OPUS_SET_BITRATE(bits_per_second)) == OPUS_OK ? 0 : CODEC;
}

int EXPORT(opus_open_encoder)(int bits_per_second) {
  if (encoder != NULL) return BAD_STATE;
  int error = OPUS_OK;
  encoder = opus_encoder_create(RATE, 1, OPUS_APPLICATION_VOIP, &error);
  if (error != OPUS_OK) return error == OPUS_ALLOC_FAIL ? NO_MEMORY : CODEC;
  opus_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(COMPLEXITY));
  opus_encoder_ctl(encoder, OPUS_SET_INBAND_FEC(0));
  opus_encoder_ctl(encoder, OPUS_SET_DTX(0));
  return opus_set_bitrate(bits_per_second);
}

int EXPORT(opus_open_decoder)(void) {
  if (decoder != NULL) return BAD_STATE;
  int error = OPUS_OK;
  decoder = opus_decoder_create(RATE, 1, &error);
  return error == OPUS_OK ? 0 : error == OPUS_ALLOC_FAIL ? NO_MEMORY : CODEC;
}

/* 20 ms from opus_samples() into opus_packet(); gives the octets. */
int EXPORT(opus_encode_frame)(void) {
  if (encoder == NULL) return BAD_STATE;
  for (int i = 0; i < FRAME; i++) {
    if (!(samples[i] > -8.0f && samples[i] < 8.0f)) samples[i] = 0.0f; /* NaN would stay in the encoder's filters */
  }
  const int size = opus_encode_float(encoder, samples, FRAME, packet, LARGEST_PACKET);
  return size > 0 ? size : CODEC;
}

/* `size` octets of opus_packet() into opus_samples(); gives the number of samples. */
int EXPORT(opus_decode_packet)(int size) {
  if (decoder == NULL) return BAD_STATE;
  if (size <= 0 || size > LARGEST_PACKET) return BAD_ARGUMENT;
  const int count = opus_decode_float(decoder, packet, size, samples, LONGEST, 0);
  return count > 0 ? count : CODEC;
}

/* Goes on with what was heard for `count` samples (a multiple of 2.5 ms, up to 120 ms). */
int EXPORT(opus_conceal)(int count) {
  if (decoder == NULL) return BAD_STATE;
  if (count <= 0 || count > LONGEST || count % (RATE / 400) != 0) return BAD_ARGUMENT;
  return opus_decode_float(decoder, NULL, 0, samples, count, 0) == count ? count : CODEC;
}
