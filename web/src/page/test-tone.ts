/** A short tune out of the chosen loudspeaker, so that one knows before the call that one will hear. */

const NOTES_HZ = [523.25, 659.25, 783.99];
const NOTE_S = 0.22;
const LOUDNESS = 0.18;

/** An audio context that may be told where to play; browsers without that play where the system says. */
type SinkContext = AudioContext & { setSinkId?(deviceId: string): Promise<void> };

/** Play it; ends by itself. @param speakerId empty: the system's choice. */
export async function playTestTone(speakerId: string): Promise<void> {
  const context: SinkContext = new AudioContext();
  try {
    if (speakerId !== "") await context.setSinkId?.(speakerId).catch(() => undefined);
    await context.resume();
    const gain = new GainNode(context, { gain: 0 });
    gain.connect(context.destination);
    const ended = NOTES_HZ.map((frequency, index) =>
      playNote(context, gain, frequency, context.currentTime + 0.05 + index * NOTE_S),
    );
    await Promise.all(ended);
  } finally {
    await context.close();
  }
}

function playNote(context: AudioContext, gain: GainNode, frequency: number, at: number): Promise<void> {
  const note = new OscillatorNode(context, { frequency, type: "sine" });
  note.connect(gain);
  // A tone that begins or ends at once clicks.
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(LOUDNESS, at + 0.02);
  gain.gain.setValueAtTime(LOUDNESS, at + NOTE_S - 0.06);
  gain.gain.linearRampToValueAtTime(0, at + NOTE_S - 0.01);
  note.start(at);
  note.stop(at + NOTE_S);
  return new Promise((resolve) => {
    note.onended = () => resolve();
  });
}
