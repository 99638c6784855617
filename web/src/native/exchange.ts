/**
 * WebRTC by one HTTP exchange: WHIP to publish (RFC 9725), WHEP to watch somebody. This machine's candidates are gathered
 * before the offer leaves; the gateway's answer brings its own.
 */

import type { TrackSource } from "../base/media.ts";
import { type Gateway, request } from "./http.ts";
import type { IceConfiguration, IceServers } from "./ice-servers.ts";

/** Host candidates come at once; an interface that never answers is not waited for. */
const GATHERING_MS = 1_500;
/**
 * After the last candidate, before the offer leaves without those that may follow: STUN and TURN take round trips, and what
 * they find shows itself to the gateway by its first check.
 */
const QUIET_MS = 100;
/** Where there is no other way, TURN gets the time that TCP, TLS and its two requests take on a slow path. */
const RELAY_GATHERING_MS = 6_000;

/** A connection and the resource that stands for it at the gateway. */
export interface Exchange {
  readonly connection: RTCPeerConnection;
  /** Ends it on both sides. */
  close(): void;
}

/** What others ought to know beside frames. */
export interface EntryChange {
  readonly muted?: Readonly<Partial<Record<TrackSource, boolean>>>;
  readonly ended?: readonly TrackSource[];
}

/** Our place in the room. */
export interface Entry extends Exchange {
  /** Tell others what the user has muted, and what they do not send any more. */
  tell(change: EntryChange): void;
  readonly participantId: string;
  /** One for each thing that can be sent; the room hears of it with its first frame. */
  readonly senders: Readonly<Record<TrackSource, RTCRtpSender>>;
}

/**
 * Enter a room by WHIP. Everything that may be sent one day is offered at once: WHIP has no second offer, and without frames
 * nobody hears of a section.
 *
 * @throws HttpError
 */
export async function enter(
  gateway: Gateway,
  ice: IceServers,
  room: string,
  name: string,
  handover: string | null = null,
): Promise<Entry> {
  const connection = connectionOf(await ice.configuration());
  try {
    const init: RTCRtpTransceiverInit = { direction: "sendonly", streams: [new MediaStream()] };
    const microphone = connection.addTransceiver("audio", init);
    const camera = connection.addTransceiver("video", init);
    const screen = connection.addTransceiver("video", init);
    for (const picture of [camera, screen]) preferH264(picture, RTCRtpSender.getCapabilities("video"));
    const path = `v1/rooms/${encodeURIComponent(room)}/whip`;
    const { response, close, location } = await negotiate(
      gateway,
      path,
      connection,
      () => ({
        name,
        ...(screen.mid === null ? {} : { screen: screen.mid }),
      }),
      { handover },
    );
    const participantId = response.headers.get("Wsmedia-Participant") ?? "";
    const senders = { microphone: microphone.sender, camera: camera.sender, screen: screen.sender };
    const tell = (change: EntryChange) => {
      if (location === null) return;
      const headers = { "Content-Type": "application/json" };
      const body = JSON.stringify(change);
      // Should it get lost, others see no mark; what is muted is not sent in any case.
      void request(gateway, location, { method: "PATCH", headers, body }).catch(() => undefined);
    };
    return { connection, close, tell, participantId, senders };
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * Watch and hear somebody by WHEP. The room fills the sections of each kind in the order in which they publish.
 *
 * @param onTrack also gets the place of the track's section among those of its kind.
 * @throws HttpError
 */
export async function receive(
  gateway: Gateway,
  ice: IceServers,
  room: string,
  participantId: string,
  pictures: number,
  onTrack: (track: MediaStreamTrack, place: number) => void,
): Promise<Exchange> {
  const connection = connectionOf(await ice.configuration());
  try {
    const sections = [connection.addTransceiver("audio", { direction: "recvonly" })];
    for (let place = 0; place < pictures; place += 1) {
      const picture = connection.addTransceiver("video", { direction: "recvonly" });
      preferH264(picture, RTCRtpReceiver.getCapabilities("video"));
      sections.push(picture);
    }
    connection.ontrack = ({ track, transceiver }) => {
      const ofKind = sections.filter(({ receiver }) => receiver.track.kind === track.kind);
      onTrack(track, ofKind.indexOf(transceiver));
    };
    const path = `v1/rooms/${encodeURIComponent(room)}/whep/${encodeURIComponent(participantId)}`;
    const { close } = await negotiate(gateway, path, connection);
    return { connection, close };
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * Ask the gateway for an echo.
 *
 * @param tone what to send; null: the gateway sends silence, and we only listen.
 * @param room where tokens are in use, the room that the token is for.
 * @param gatheredAll called before the offer leaves; may throw.
 * @throws HttpError
 */
export async function offerProbe(
  gateway: Gateway,
  connection: RTCPeerConnection,
  tone: MediaStreamTrack | null,
  room: string,
  signal: AbortSignal,
  gatheredAll: () => void,
): Promise<Exchange> {
  if (tone === null) connection.addTransceiver("audio", { direction: "recvonly" });
  else connection.addTransceiver(tone, { direction: "sendrecv", streams: [new MediaStream([tone])] });
  const query = () => {
    gatheredAll();
    return room === "" ? {} : { room };
  };
  const { close } = await negotiate(gateway, "v1/probe", connection, query, { signal });
  return { connection, close };
}

/** Spend no more than this on a picture from now on. */
export async function limitSender(sender: RTCRtpSender, maxBitrateBps: number, framerate: number): Promise<void> {
  const parameters = sender.getParameters();
  const encoding = parameters.encodings[0];
  if (encoding === undefined) return;
  if (encoding.maxBitrate === maxBitrateBps && encoding.maxFramerate === framerate) return;
  encoding.maxBitrate = maxBitrateBps;
  encoding.maxFramerate = framerate;
  // Refused while the connection ends or another change is under way; the next change of the track tries again.
  await sender.setParameters(parameters).catch(() => undefined);
}

function connectionOf(ice: IceConfiguration): RTCPeerConnection {
  return new RTCPeerConnection({ bundlePolicy: "max-bundle", ...ice });
}

/** H.264 constrained baseline first, so that frames pass through the room as they are. */
function preferH264(transceiver: RTCRtpTransceiver, capabilities: RTCRtpCapabilities | null): void {
  const codecs = capabilities?.codecs ?? [];
  const rank = ({ mimeType, sdpFmtpLine }: RTCRtpCodec) => {
    if (mimeType.toLowerCase() !== "video/h264") return 3;
    const line = sdpFmtpLine ?? "";
    return line.includes("packetization-mode=1") ? (line.includes("profile-level-id=42e0") ? 0 : 1) : 2;
  };
  if (codecs.some((codec) => rank(codec) < 3)) {
    transceiver.setCodecPreferences([...codecs].sort((left, right) => rank(left) - rank(right)));
  }
}

async function negotiate(
  gateway: Gateway,
  path: string,
  connection: RTCPeerConnection,
  query: () => Record<string, string> = () => ({}),
  { signal, handover = null }: { readonly signal?: AbortSignal; readonly handover?: string | null } = {},
): Promise<{ response: Response; close: () => void; location: string | null }> {
  await connection.setLocalDescription();
  await gathered(connection, signal);
  signal?.throwIfAborted();
  // Only now do sections have their names.
  const parameters = new URLSearchParams(query()).toString();
  const body = connection.localDescription?.sdp ?? "";
  const headers: Record<string, string> = { "Content-Type": "application/sdp" };
  if (handover !== null) headers["Wsmedia-Handover"] = handover;
  const response = await request(gateway, parameters === "" ? path : `${path}?${parameters}`, {
    method: "POST",
    headers,
    body,
    ...(signal === undefined ? {} : { signal }),
  });
  const location = response.headers.get("Location");
  const close = () => {
    connection.close();
    if (location === null) return;
    // `keepalive` lets the farewell arrive although the page is being closed.
    void request(gateway, location, { method: "DELETE", keepalive: true }).catch(() => undefined);
  };
  try {
    await connection.setRemoteDescription({ type: "answer", sdp: await response.text() });
  } catch (error) {
    close();
    throw error;
  }
  return { response, close, location };
}

/** @param signal given: whoever waits decides how long; without it a server that never answers is not waited for. */
function gathered(connection: RTCPeerConnection, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (connection.iceGatheringState === "complete") {
      resolve();
      return;
    }
    const heard = new AbortController();
    let quiet: ReturnType<typeof setTimeout> | undefined;
    const enough = () => {
      clearTimeout(timer);
      clearTimeout(quiet);
      heard.abort();
      resolve();
    };
    const relayed = connection.getConfiguration().iceTransportPolicy === "relay";
    const longestMs = relayed ? RELAY_GATHERING_MS : GATHERING_MS;
    const timer = signal === undefined ? setTimeout(enough, longestMs) : undefined;
    signal?.addEventListener("abort", enough, { signal: heard.signal });
    const gathering = () => {
      if (connection.iceGatheringState === "complete") enough();
    };
    // One way through a relay is as good as the next, and the end of gathering may be many seconds away.
    const found = ({ candidate }: RTCPeerConnectionIceEvent) => {
      if (relayed && candidate?.type === "relay") enough();
      if (relayed || candidate === null || signal !== undefined) return;
      clearTimeout(quiet);
      quiet = setTimeout(enough, QUIET_MS);
    };
    connection.addEventListener("icegatheringstatechange", gathering, { signal: heard.signal });
    connection.addEventListener("icecandidate", found, { signal: heard.signal });
  });
}
