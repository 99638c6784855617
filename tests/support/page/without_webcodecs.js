// Put before every script of a page and its workers: a browser that has no WebCodecs.
for (const name of [
  "VideoEncoder", "VideoDecoder", "AudioEncoder", "AudioDecoder", "VideoFrame", "AudioData", "EncodedVideoChunk",
  "EncodedAudioChunk", "VideoColorSpace", "ImageDecoder", "MediaStreamTrackProcessor", "MediaStreamTrackGenerator",
]) {
  delete globalThis[name];
}
