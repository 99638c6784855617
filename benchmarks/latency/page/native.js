// A call by the browser's own WebRTC, one way. The benchmark carries the descriptions, with all their candidates in them.
globalThis.latencyNative = (() => {
  let connection = null;
  let video = null;
  let context = null;

  async function settled(description) {
    await connection.setLocalDescription(description);
    if (connection.iceGatheringState !== "complete") {
      await new Promise((resolve) => {
        connection.addEventListener("icegatheringstatechange", () => {
          if (connection.iceGatheringState === "complete") resolve();
        });
      });
    }
    return connection.localDescription.sdp;
  }

  const entries = async (type) => [...(await connection.getStats()).values()].filter((entry) => entry.type === type);

  return {
    /** The sender's offer. @param bitrateBps the most that its pictures may take. */
    async offer(configuration, bitrateBps, withSound) {
      connection = new RTCPeerConnection(configuration);
      const stream = await navigator.mediaDevices.getUserMedia({ audio: withSound, video: true });
      for (const track of stream.getTracks()) {
        const parameters = track.kind === "video" ? { sendEncodings: [{ maxBitrate: bitrateBps }] } : {};
        connection.addTransceiver(track, { direction: "sendonly", streams: [stream], ...parameters });
      }
      // The codec of the tunnel, from the same encoder.
      const { codecs } = RTCRtpReceiver.getCapabilities("video");
      const h264 = ({ mimeType, sdpFmtpLine = "" }) =>
        mimeType === "video/H264" && sdpFmtpLine.includes("packetization-mode=1") && sdpFmtpLine.includes("42e01f");
      const wanted = [...codecs.filter(h264), ...codecs.filter(({ mimeType }) => mimeType === "video/rtx")];
      connection.getTransceivers().find(({ sender }) => sender.track.kind === "video").setCodecPreferences(wanted);
      return settled(await connection.createOffer());
    },
    async answer(configuration, sdp) {
      connection = new RTCPeerConnection(configuration);
      const stream = new MediaStream();
      video = document.createElement("video");
      video.srcObject = stream;
      video.autoplay = true;
      document.body.append(video);
      connection.addEventListener("track", ({ track }) => stream.addTrack(track));
      await connection.setRemoteDescription({ type: "offer", sdp });
      return settled(await connection.createAnswer());
    },
    accept: (sdp) => connection.setRemoteDescription({ type: "answer", sdp }),
    live: () => video !== null && video.videoWidth > 0 && connection.connectionState === "connected",
    /** Give the receiver's picture and sound to the watcher. */
    async watch(seconds) {
      context = new AudioContext({ sampleRate: 48_000 });
      await context.resume();
      const hears = video.srcObject.getAudioTracks().length > 0;
      const node = hears ? context.createMediaStreamSource(video.srcObject) : null;
      await latencyWatch.begin(video, node, seconds, async () => {
        const inbound = await entries("inbound-rtp");
        const picture = inbound.find(({ kind }) => kind === "video") ?? {};
        const sound = inbound.find(({ kind }) => kind === "audio") ?? {};
        return {
          bytes: picture.bytesReceived ?? 0,
          decoded: picture.framesDecoded ?? 0,
          bufferMs: picture.jitterBufferEmittedCount ? (1000 * picture.jitterBufferDelay) / picture.jitterBufferEmittedCount : 0,
          concealed: sound.totalSamplesReceived ? sound.concealedSamples / sound.totalSamplesReceived : 0,
        };
      });
    },
    /** Which way the media go, by the candidate pair in use, and what the encoder did. */
    async way() {
      const [transport] = await entries("transport");
      const stats = await connection.getStats();
      const pair = stats.get(transport.selectedCandidatePairId);
      const local = stats.get(pair.localCandidateId);
      const remote = stats.get(pair.remoteCandidateId);
      const outbound = (await entries("outbound-rtp")).find(({ kind }) => kind === "video");
      const codec = [...stats.values()].find((one) => one.type === "codec" && one.mimeType.startsWith("video"));
      return {
        local: local.candidateType,
        remote: remote.candidateType,
        relayProtocol: local.relayProtocol ?? null,
        roundTripMs: 1000 * pair.currentRoundTripTime,
        codec: codec?.mimeType ?? null,
        encoder: outbound?.encoderImplementation ?? null,
        size: outbound === undefined ? null : `${outbound.frameWidth}×${outbound.frameHeight}`,
        limitation: outbound?.qualityLimitationReason ?? null,
      };
    },
  };
})();
