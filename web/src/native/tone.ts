/** A tone as a track, for those who want to see whether sound gets through: the probe and the network check. */

/** A track that sounds until it is stopped. */
export interface Tone {
  readonly track: MediaStreamTrack;
  stop(): void;
}

/**
 * Begin to sound.
 *
 * @param context runs, or there is no tone: one that waits for a click would only send silence later.
 * @param level amplitude, 0–1.
 */
export function toneOf(context: AudioContext | null, hertz: number, level: number): Tone | null {
  if (context === null || context.state !== "running") return null;
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  const destination = context.createMediaStreamDestination();
  oscillator.frequency.value = hertz;
  gain.gain.value = level;
  oscillator.connect(gain).connect(destination);
  oscillator.start();
  const [track] = destination.stream.getAudioTracks();
  if (track === undefined) return null;
  const stop = (): void => {
    oscillator.stop();
    gain.disconnect();
    track.stop();
  };
  return { track, stop };
}
