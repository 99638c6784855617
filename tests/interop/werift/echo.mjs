// A WebRTC peer on werift for the interop tests: it sends every RTP packet that it receives back on a track of its own and
// passes keyframe requests on. Descriptions travel as JSON lines, {"offer": …} or {"answer": …}, on standard input and
// output; with the argument "offer" it makes the first one. Runs in the folder where werift is installed.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const werift = createRequire(`${process.cwd()}/`)("werift");
const { MediaStreamTrack, RTCPeerConnection, useAbsSendTime, useH264, useNACK, useOPUS, usePLI, useSdesMid } = werift;
const { useTransportWideCC } = werift;

const extensions = [useSdesMid(), useAbsSendTime(), useTransportWideCC()];
const peer = new RTCPeerConnection({
  codecs: {
    audio: [useOPUS()],
    video: [
      useH264({
        rtcpFeedback: [useNACK(), usePLI()],
        parameters: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
      }),
    ],
  },
  headerExtensions: { audio: extensions, video: extensions },
  iceServers: [],
  iceAdditionalHostAddresses: ["127.0.0.1"],
});

// werift pairs its transceivers with an offer's sections by kind and order alone: what receives comes first.
const echoes = {};
for (const kind of ["audio", "video"]) {
  watch(peer.addTransceiver(kind, { direction: "recvonly" }));
  const track = new MediaStreamTrack({ kind });
  echoes[kind] = { track, transceiver: peer.addTransceiver(track, { direction: "sendonly" }) };
}

function watch(incoming) {
  incoming.onTrack.subscribe((remote) => {
    const { track, transceiver } = echoes[incoming.kind];
    remote.onReceiveRtp.subscribe((packet) => {
      const copy = packet.clone();
      copy.header.extension = false;
      copy.header.extensions = [];
      track.writeRtp(copy);
    });
    transceiver.sender.onPictureLossIndication.subscribe(() => incoming.receiver.sendRtcpPLI(remote.ssrc));
  });
}

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

if (process.argv[2] === "offer") {
  await peer.setLocalDescription(await peer.createOffer());
  say({ offer: peer.localDescription.sdp });
}
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.answer) {
    await peer.setRemoteDescription({ type: "answer", sdp: message.answer });
  } else {
    await peer.setRemoteDescription({ type: "offer", sdp: message.offer });
    await peer.setLocalDescription(await peer.createAnswer());
    say({ answer: peer.localDescription.sdp });
  }
}
await peer.close();
process.exit(0);
