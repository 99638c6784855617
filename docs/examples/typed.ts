/** Who speaks loudest, in TypeScript; `tsconfig.json` beside it says where the types of the address below lie. */

import { ConnectError, connect, type RemoteParticipant, type Room } from "https://calls.example.org/sdk/wsmedia.js";

/** Call back whenever somebody else has become the loudest. */
export function followSpeaker(room: Room, changed: (speaker: RemoteParticipant | null) => void): void {
  let speaker: RemoteParticipant | null = null;
  room.addEventListener("levels", ({ levels }) => {
    const loudest = room.participants.reduce<RemoteParticipant | null>(
      (best, one) => ((levels.get(one.id) ?? 0) > (levels.get(best?.id ?? "") ?? 0.2) ? one : best),
      null,
    );
    if (loudest === null || loudest === speaker) return;
    speaker = loudest;
    changed(speaker);
  });
}

/** Enter a room with a microphone; the error says what to tell the user. */
export async function join(room: string, token: string, signal: AbortSignal): Promise<Room | string> {
  try {
    const joined = await connect({ url: "https://calls.example.org/", room, token, signal });
    const { getUserMedia } = navigator.mediaDevices;
    const stream = await getUserMedia.call(navigator.mediaDevices, { audio: { echoCancellation: true } });
    for (const track of stream.getAudioTracks()) joined.publish(track);
    return joined;
  } catch (error) {
    if (error instanceof ConnectError) return `${error.end}: ${error.explanation}`;
    throw error;
  }
}

/** The round trip and what is concealed of each participant's sound, from `getStats`. */
export async function quality(room: Room): Promise<{ roundTripMs: number | null; concealed: Map<string, number> }> {
  let roundTripMs: number | null = null;
  const concealed = new Map<string, number>();
  for (const entry of (await room.getStats()).values()) {
    if (entry.type === "candidate-pair" && entry.currentRoundTripTime !== undefined) {
      roundTripMs = entry.currentRoundTripTime * 1000;
    }
    if (entry.type === "inbound-rtp" && entry.kind === "audio" && entry.wsmediaParticipantId !== undefined) {
      concealed.set(entry.wsmediaParticipantId, (entry.concealedSamples ?? 0) / (entry.totalSamplesReceived || 1));
    }
  }
  return { roundTripMs, concealed };
}
