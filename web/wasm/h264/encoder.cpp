// An H.264 encoder for calls, as JavaScript calls it (src/codecs/h264-encoder.ts): one to an instance of the module.
//
// Constrained baseline, one slice, no B-frames, low complexity. The rate control skips pictures rather than to run over.
// A keyframe comes only when asked for, with SPS and PPS, but for one case: a picture that does not fit into openh264's buffers
// (noise) is encoded anew, coarser and as a keyframe.
#include <cstdlib>
#include <cstring>

#include "codec_api.h"
#include "h264/pixels.h"
#include "h264/results.h"

#define EXPORT(name) extern "C" __attribute__((export_name(#name)))

namespace {

struct Encoder {
  ISVCEncoder* codec;
  int width, height;  // of the pictures that are given
  double framerate, bitrate;
  int layers;
  bool detail;
  uint8_t* input[PIXELS_FORMATS];
  uint8_t* output;
  size_t room;  // octets at `output`
};

// The finest quantisers: nobody sees what a finer one keeps, and of noise it makes more octets than openh264 has room for.
constexpr int FINEST = 16, FINEST_OF_NOISE = 28;

// What encoder_encode leaves behind; its address is given to JavaScript once.
struct Outcome {
  uint32_t data;
  int32_t keyframe, temporal_layer, discardable;
};

Encoder* encoder = nullptr;
Outcome outcome;

bool valid_rates(double bitrate, double framerate) {
  return bitrate >= 1000 && bitrate <= 100e6 && framerate >= 1 && framerate <= 120;  // false for NaN too
}

SEncParamExt parameters(int finest_quantiser) {
  SEncParamExt p;
  encoder->codec->GetDefaultParams(&p);
  // 4:2:0 is cropped by pairs of pixels: the last row and column of an odd size are left out.
  const int width = encoder->width & ~1, height = encoder->height & ~1;
  p.iUsageType = encoder->detail ? SCREEN_CONTENT_REAL_TIME : CAMERA_VIDEO_REAL_TIME;
  p.iPicWidth = width;
  p.iPicHeight = height;
  p.iTargetBitrate = static_cast<int>(encoder->bitrate);
  p.iMaxBitrate = UNSPECIFIED_BIT_RATE;
  p.iRCMode = RC_BITRATE_MODE;
  p.bEnableFrameSkip = true;
  p.fMaxFrameRate = static_cast<float>(encoder->framerate);
  p.iTemporalLayerNum = encoder->layers;
  p.iSpatialLayerNum = 1;
  p.iComplexityMode = LOW_COMPLEXITY;
  p.uiIntraPeriod = 0;
  p.iNumRefFrame = AUTO_REF_PIC_COUNT;
  p.eSpsPpsIdStrategy = CONSTANT_ID;
  p.iEntropyCodingModeFlag = 0;
  p.iMultipleThreadIdc = 1;
  p.bEnableDenoise = false;
  p.bEnableAdaptiveQuant = false;
  p.bEnableLongTermReference = false;
  p.bEnableSceneChangeDetect = false;  // it would make keyframes that nobody asked for
  p.bEnableBackgroundDetection = !encoder->detail;
  p.iMinQp = finest_quantiser;
  p.iMaxQp = 51;
  SSpatialLayerConfig& layer = p.sSpatialLayers[0];
  layer.iVideoWidth = width;
  layer.iVideoHeight = height;
  layer.fFrameRate = p.fMaxFrameRate;
  layer.iSpatialBitrate = p.iTargetBitrate;
  layer.iMaxSpatialBitrate = UNSPECIFIED_BIT_RATE;
  layer.uiProfileIdc = PRO_BASELINE;
  layer.uiLevelIdc = LEVEL_UNKNOWN;  // the lowest that allows size and rates
  layer.bVideoSignalTypePresent = true;
  layer.uiVideoFormat = VF_UNDEF;
  layer.bFullRange = false;
  layer.bColorDescriptionPresent = true;
  layer.uiColorPrimaries = CP_BT709;
  layer.uiTransferCharacteristics = TRC_BT709;
  layer.uiColorMatrix = CM_BT709;
  layer.sSliceArgument.uiSliceMode = SM_SINGLE_SLICE;
  return p;
}

int open_codec(int finest_quantiser) {
  if (encoder->codec != nullptr) WelsDestroySVCEncoder(encoder->codec);
  encoder->codec = nullptr;
  if (WelsCreateSVCEncoder(&encoder->codec) != 0 || encoder->codec == nullptr) return RESULT_NO_MEMORY;
  int quiet = WELS_LOG_QUIET;
  encoder->codec->SetOption(ENCODER_OPTION_TRACE_LEVEL, &quiet);
  const SEncParamExt p = parameters(finest_quantiser);
  return encoder->codec->InitializeExt(&p) == cmResultSuccess ? 0 : RESULT_CODEC;
}

bool grow_output(size_t size) {
  if (size <= encoder->room) return true;
  auto* const larger = static_cast<uint8_t*>(realloc(encoder->output, size));
  if (larger == nullptr) return false;
  encoder->output = larger;
  encoder->room = size;
  return true;
}

// Gathers the access unit's NAL units; gives their octets or an error.
int gather(const SFrameBSInfo& info) {
  size_t size = 0;
  outcome = {0, info.eFrameType == videoFrameTypeIDR, 0, 1};
  for (int i = 0; i < info.iLayerNum; i++) {
    const SLayerBSInfo& layer = info.sLayerInfo[i];
    size_t octets = 0;
    for (int n = 0; n < layer.iNalCount; n++) {
      // The two bits nal_ref_idc stand behind a start code of four octets (H.264 section 7.3.1).
      if (((layer.pBsBuf[octets + 4] >> 5) & 3) != 0) outcome.discardable = 0;
      octets += static_cast<size_t>(layer.pNalLengthInByte[n]);
    }
    if (!grow_output(size + octets)) return RESULT_NO_MEMORY;
    memcpy(encoder->output + size, layer.pBsBuf, octets);
    size += octets;
    outcome.temporal_layer = layer.uiTemporalId;
  }
  outcome.data = reinterpret_cast<uint32_t>(encoder->output);
  return static_cast<int>(size);
}

}  // namespace

EXPORT(encoder_create)
int encoder_create(int width, int height, double framerate, double bitrate, int layers, int detail) {
  if (encoder != nullptr) return RESULT_BAD_STATE;
  if (width < 16 || height < 16 || width > LARGEST_SIDE || height > LARGEST_SIDE) return RESULT_BAD_ARGUMENT;
  if (((width + 15) / 16) * ((height + 15) / 16) > LARGEST_MACROBLOCKS) return RESULT_BAD_ARGUMENT;
  if (layers < 1 || layers > 3 || !valid_rates(bitrate, framerate)) return RESULT_BAD_ARGUMENT;
  encoder = static_cast<Encoder*>(calloc(1, sizeof(Encoder)));
  if (encoder == nullptr) return RESULT_NO_MEMORY;
  encoder->width = width;
  encoder->height = height;
  encoder->framerate = framerate;
  encoder->bitrate = bitrate;
  // With three layers openh264's mode for screens refers to other pictures than its slice headers say: some come out wrong.
  encoder->layers = detail != 0 && layers > 2 ? 2 : layers;
  encoder->detail = detail != 0;
  return open_codec(FINEST);
}

// The address of room for one picture in a format, or 0.
EXPORT(encoder_input)
uint8_t* encoder_input(int format) {
  if (encoder == nullptr || format < 0 || format >= PIXELS_FORMATS) return nullptr;
  uint8_t*& room = encoder->input[format];
  if (room == nullptr) {
    room = static_cast<uint8_t*>(malloc(pixels_size(static_cast<PixelFormat>(format), encoder->width, encoder->height)));
  }
  return room;
}

EXPORT(encoder_outcome)
const Outcome* encoder_outcome() { return &outcome; }

// Encodes the picture that lies in encoder_input(format). Gives the octets of the access unit, 0 if it was skipped, or an
// error; encoder_outcome() tells the rest.
EXPORT(encoder_encode)
int encoder_encode(int format, double timestamp_ms, int keyframe) {
  if (encoder == nullptr || encoder->codec == nullptr) return RESULT_BAD_STATE;
  if (format < 0 || format >= PIXELS_FORMATS || encoder->input[format] == nullptr) return RESULT_BAD_ARGUMENT;
  if (!(timestamp_ms >= 0 && timestamp_ms < 9e15)) return RESULT_BAD_ARGUMENT;
  uint8_t* const picture = encoder_input(PIXELS_I420);
  if (picture == nullptr) return RESULT_NO_MEMORY;
  const int width = encoder->width, height = encoder->height;
  if (format != PIXELS_I420) {
    pixels_to_i420(static_cast<PixelFormat>(format), encoder->input[format], picture, width, height);
  }
  if (keyframe) encoder->codec->ForceIntraFrame(true);

  SSourcePicture source = {};
  const int chroma_stride = (width + 1) / 2;
  source.iColorFormat = videoFormatI420;
  source.iPicWidth = width & ~1;
  source.iPicHeight = height & ~1;
  source.iStride[0] = width;
  source.iStride[1] = source.iStride[2] = chroma_stride;
  source.pData[0] = picture;
  source.pData[1] = picture + static_cast<size_t>(width) * height;
  source.pData[2] = source.pData[1] + static_cast<size_t>(chroma_stride) * ((height + 1) / 2);
  source.uiTimeStamp = static_cast<long long>(timestamp_ms);

  SFrameBSInfo info = {};
  if (encoder->codec->EncodeFrame(&source, &info) != cmResultSuccess) {
    const int opened = open_codec(FINEST_OF_NOISE);
    if (opened < 0) return opened;
    info = {};
    if (encoder->codec->EncodeFrame(&source, &info) != cmResultSuccess) return RESULT_CODEC;
  }
  if (info.eFrameType == videoFrameTypeSkip || info.eFrameType == videoFrameTypeInvalid) return 0;
  return gather(info);
}

// New rates, from the next picture on, without a keyframe.
EXPORT(encoder_set_rates)
int encoder_set_rates(double bitrate, double framerate) {
  if (encoder == nullptr || encoder->codec == nullptr) return RESULT_BAD_STATE;
  if (!valid_rates(bitrate, framerate)) return RESULT_BAD_ARGUMENT;
  float frames = static_cast<float>(framerate);
  SBitrateInfo info = {SPATIAL_LAYER_ALL, static_cast<int>(bitrate)};
  const bool done = encoder->codec->SetOption(ENCODER_OPTION_FRAME_RATE, &frames) == cmResultSuccess &&
                    encoder->codec->SetOption(ENCODER_OPTION_BITRATE, &info) == cmResultSuccess;
  if (!done) return RESULT_CODEC;
  encoder->bitrate = bitrate;
  encoder->framerate = framerate;
  return 0;
}
