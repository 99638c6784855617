// Gives what the call page shows and plays of the sender to the watcher. An init script for receivers on the call page.
globalThis.latencyTunnel = (() => {
  const track = (kind) => window.wsmedia.tracks.find((one) => one.direction === "received" && one.kind === kind);
  const sender = () => window.wsmedia?.participants[0]?.participantId ?? null;
  return {
    live: (withSound) =>
      sender() !== null &&
      (track("video")?.frames ?? 0) > 0 &&
      (!withSound || (window.wsmedia.audioNode(sender()) !== null && (track("audio")?.frames ?? 0) > 0)),
    watch(seconds) {
      const surface = window.wsmedia.surface(sender());
      const node = (track("audio")?.frames ?? 0) > 0 ? window.wsmedia.audioNode(sender()) : null;
      return latencyWatch.begin(surface, node, seconds, () => {
        const [picture, sound] = [track("video"), track("audio")];
        return {
          bytes: picture?.bytes ?? 0,
          decoded: picture?.frames ?? 0,
          bufferMs: sound?.playoutDelayMs ?? 0,
          targetMs: sound?.playoutTargetMs ?? 0,
          outputMs: 1000 * (node?.context.outputLatency ?? 0),
          soundMs: sound?.delayMs ?? 0,
          pictureMs: picture?.delayMs ?? 0,
          skewMs: picture?.skewMs ?? 0,
          concealed: sound?.concealed ?? 0,
          lanes: window.wsmedia.path?.lanes.length ?? 0,
        };
      });
    },
    /** What the sending side says of itself. */
    sending() {
      const sent = window.wsmedia.tracks.find((one) => one.direction === "sent" && one.kind === "video") ?? {};
      const { codec, backend, size, limitation, framesDropped, targetBitrateBps } = sent;
      const { lanes = [], roundTripMs = null, queueingMs = null, framesDropped: dropped = null } = window.wsmedia.path ?? {};
      return { codec, encoder: backend, size, limitation, framesDropped, targetBitrateBps, lanes: lanes.length, roundTripMs, queueingMs, dropped };
    },
  };
})();
