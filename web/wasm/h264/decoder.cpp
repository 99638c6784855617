// An H.264 decoder for calls, as JavaScript calls it (src/codecs/h264-decoder.ts): one to an instance of the module.
//
// A picture comes out with its access unit. Nothing is concealed: what cannot be decoded is an error, and from then on
// everything up to the next keyframe is refused, so that no damaged picture is ever shown.
#include <cstdlib>
#include <cstring>

#include "codec_api.h"
#include "h264/pixels.h"
#include "h264/results.h"

#define EXPORT(name) extern "C" __attribute__((export_name(#name)))

namespace {

constexpr size_t LARGEST_ACCESS_UNIT = 8u << 20;

struct Buffer {
  uint8_t* data;
  size_t room;

  // Whether `size` octets are there; what was in it may be lost.
  bool reserve(size_t size) {
    if (size <= room) return true;
    free(data);
    data = static_cast<uint8_t*>(malloc(size));
    room = data != nullptr ? size : 0;
    return data != nullptr;
  }
};

// What decoder_picture leaves: packed planes, and the number of the place that they lie in.
struct Picture {
  uint32_t data;
  int32_t width, height, place;
};

// Room for a picture, and whether JavaScript wants it to stay.
struct Place {
  Buffer planes;
  Picture picture;
  bool taken;
};

// More than a track's paint queue holds (web/src/decode/paint-queue.ts) and the one that is decoded.
constexpr int PLACES = 12;

ISVCDecoder* decoder = nullptr;
bool synchronised = false;  // since the last error there was a keyframe
Buffer input, colours;
Place places[PLACES];
Picture last;

bool open_codec() {
  if (WelsCreateDecoder(&decoder) != 0 || decoder == nullptr) return false;
  int quiet = WELS_LOG_QUIET;
  decoder->SetOption(DECODER_OPTION_TRACE_LEVEL, &quiet);
  SDecodingParam p = {};
  p.sVideoProperty.size = sizeof(p.sVideoProperty);
  p.sVideoProperty.eVideoBsType = VIDEO_BITSTREAM_AVC;
  p.eEcActiveIdc = ERROR_CON_DISABLE;
  p.uiTargetDqLayer = 0xff;
  return decoder->Initialize(&p) == cmResultSuccess;
}

void close_codec() {
  if (decoder == nullptr) return;
  decoder->Uninitialize();
  WelsDestroyDecoder(decoder);
  decoder = nullptr;
}

// Whether there is a slice of an IDR picture (nal_unit_type 5) in an access unit.
bool has_keyframe(const uint8_t* data, size_t size) {
  for (size_t i = 0; i + 3 < size; i++) {
    if (data[i] == 0 && data[i + 1] == 0 && data[i + 2] == 1 && (data[i + 3] & 0x1f) == 5) return true;
  }
  return false;
}

// The first that is free, because its memory has most likely been used before; null if all are taken.
Place* free_place() {
  for (Place& place : places) {
    if (!place.taken) return &place;
  }
  return nullptr;
}

// Copies the decoder's picture, whose rows have room at their ends, into packed planes.
int keep(const SSysMEMBuffer& from, uint8_t* const source[3]) {
  const int width = from.iWidth, height = from.iHeight;
  if (width < 2 || height < 2 || width > LARGEST_SIDE || height > LARGEST_SIDE) return RESULT_CODEC;
  Place* const place = free_place();
  if (place == nullptr || !place->planes.reserve(pixels_size(PIXELS_I420, width, height))) return RESULT_NO_MEMORY;
  uint8_t* to = place->planes.data;
  for (int plane = 0; plane < 3; plane++) {
    const int columns = plane == 0 ? width : (width + 1) / 2, rows = plane == 0 ? height : (height + 1) / 2;
    const int stride = from.iStride[plane == 0 ? 0 : 1];
    for (int row = 0; row < rows; row++, to += columns) {
      memcpy(to, source[plane] + static_cast<ptrdiff_t>(row) * stride, static_cast<size_t>(columns));
    }
  }
  last = {reinterpret_cast<uint32_t>(place->planes.data), width, height, static_cast<int32_t>(place - places)};
  place->picture = last;
  return 1;
}

int fail(int result) {
  synchronised = false;
  last = {};
  return result;
}

}  // namespace

// The address of room for an access unit of `size` octets, or 0.
EXPORT(decoder_input)
uint8_t* decoder_input(uint32_t size) {
  return size > 0 && size <= LARGEST_ACCESS_UNIT && input.reserve(size) ? input.data : nullptr;
}

EXPORT(decoder_picture)
const Picture* decoder_picture() { return &last; }

// Decodes the access unit that lies in decoder_input(size). Gives 1 if there is a picture (decoder_picture() tells where), 0 if
// the access unit has none, or an error.
EXPORT(decoder_decode)
int decoder_decode(uint32_t size) {
  if (input.data == nullptr || size == 0 || size > input.room) return RESULT_BAD_ARGUMENT;
  if (!synchronised) {
    if (!has_keyframe(input.data, size)) return fail(RESULT_NEEDS_KEYFRAME);
    // A fresh decoder: whatever a damaged stream left behind is gone.
    close_codec();
    if (!open_codec()) return fail(RESULT_NO_MEMORY);
  }
  last = {};
  uint8_t* rows[3] = {};
  SBufferInfo info = {};
  const DECODING_STATE state = decoder->DecodeFrameNoDelay(input.data, static_cast<int>(size), rows, &info);
  if (state != dsErrorFree) return fail((state & dsOutOfMemory) != 0 ? RESULT_NO_MEMORY : RESULT_CODEC);
  synchronised = true;
  // In other profiles than baseline openh264 holds a picture back for B-slices, which calls do not have.
  if (info.iBufferStatus != 1) decoder->FlushFrame(rows, &info);
  if (info.iBufferStatus != 1 || rows[0] == nullptr) return 0;
  const int kept = keep(info.UsrData.sSystemBuffer, rows);
  return kept < 0 ? fail(kept) : kept;
}

// Whether the picture in a place is to stay; without that the next one may be written over it.
EXPORT(decoder_take)
int decoder_take(int place, int taken) {
  if (place < 0 || place >= PLACES || places[place].picture.data == 0) return RESULT_BAD_ARGUMENT;
  places[place].taken = taken != 0;
  return 0;
}

// The address of the picture in a place as RGBA, valid until the next call; 0 if there is none.
EXPORT(decoder_rgba)
uint8_t* decoder_rgba(int place) {
  if (place < 0 || place >= PLACES || places[place].picture.data == 0) return nullptr;
  const Picture& picture = places[place].picture;
  if (!colours.reserve(pixels_size(PIXELS_RGBA, picture.width, picture.height))) return nullptr;
  pixels_i420_to_rgba(places[place].planes.data, colours.data, picture.width, picture.height);
  return colours.data;
}
