/** A short tune out of the chosen loudspeaker, so that one knows before the call that one will hear. */

const NOTES_HZ = [523.25, 659.25, 783.99];
const NOTE_S = 0.22;
const LOUDNESS = 0.18;

/** An audio context that may be told where to play; in browsers without that an audio element may. */
type SinkContext = AudioContext & { setSinkId?(deviceId: string): Promise<void> };

/** Play it; ends by itself. @param speakerId empty: the system's choice. */
export async function playTestTone(speakerId: string): Promise<void> {
  const context: SinkContext = new AudioContext();
  try {
    const gain = new GainNode(context, { gain: 0 });
    gain.connect(await outputOf(context, speakerId));
    await context.resume();
    const ended = NOTES_HZ.map((frequency, index) =>
      playNote(context, gain, frequency, context.currentTime + 0.05 + index * NOTE_S),
    );
    await Promise.all(ended);
  } finally {
    await context.close();
  }
}

/** The way to that loudspeaker; to the system's choice where it cannot be had. */
async function outputOf(context: SinkContext, speakerId: string): Promise<AudioNode> {
  if (speakerId === "") return context.destination;
  try {
    if (context.setSinkId !== undefined) {
      await context.setSinkId(speakerId);
      return context.destination;
    }
    const element = new Audio();
    await element.setSinkId(speakerId);
    const carrier = context.createMediaStreamDestination();
    element.srcObject = carrier.stream;
    await element.play();
    return carrier;
  } catch {
    return context.destination;
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
