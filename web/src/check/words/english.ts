/** What the check page says in English: all of it. In sentences `{note}` and the figures' names stand for a result's own. */

import type { Allowed, AllowlistWords, Check, Grade, Way } from "../../doctor/index.ts";

const tunnel = {
  works: "Picture and sound went to the gateway and back, and were seen ({delay_ms} ms).",
  late: "Picture and sound come, but late ({delay_ms} ms).",
  silent: "It is connected, and no picture comes through.",
  "no-connection": "No connection came about. {note}",
};
const relay = {
  works: "A tone went over a relay to the gateway and back.",
  silent: "It is connected over a relay, and nothing comes through.",
  blocked: "No relay can be had this way: it is blocked.",
};

const allowlist: AllowlistWords = {
  title: (host) => `To the administrator of this network: video calls at ${host}`,
  allow: "Please allow, from the clients to:",
  better: "Better, though calls work without it:",
  exempt: (host) =>
    `Please exempt ${host} from TLS inspection, content scanning and buffering: the connections are\nlong-lived, carry small messages in both directions all the time, and are encrypted by TLS.`,
  pac: "In a proxy auto-configuration (PAC) file, to let these calls go without the proxy:",
  found: "A check of this network has found:",
  entry: ({ host, protocol, ports, purpose }: Allowed) => `${host}, ${protocol} port ${ports}: ${purpose}`,
};

export const english = {
  language: "en",
  title: "Network check",
  tagline: "What your network lets through",
  intro:
    "This looks at the way from your browser to the gateway: what gets through, what is in the way, and over what calls will go. It takes about 40 seconds. A drawn picture and a quiet tone are sent; camera and microphone stay off.",
  start: "Start the check",
  again: "Check again",
  running: "Checking…",
  back: "To the call page",
  waiting: "Waiting",
  atWork: "At work…",
  watching: "Silent connections are still being watched.",
  progress: (done: number, all: number) => `${done} of ${all} checks done`,
  details: "All checks",

  checks: {
    dns: "Name",
    tls: "Encryption",
    http: "Requests",
    websocket: "WebSocket",
    buffering: "Streamed answers",
    idle: "Silent connections",
    upload: "Uploads",
    throughput: "Throughput",
    stun: "STUN",
    "turn-udp": "TURN over UDP",
    "turn-tcp": "TURN over TCP",
    "turn-tls": "TURN over TLS",
    native: "Native WebRTC (UDP)",
    "tunnel-websocket": "Calls by WebSocket",
    "tunnel-http-stream": "Calls by streamed requests",
    "tunnel-http-poll": "Calls by polled requests",
  } satisfies Record<Check, string>,

  outcomes: { well: "Works", hindered: "Something is in the way", blocked: "Blocked", untested: "Not checked" },

  findings: {
    any: {
      busy: "The gateway allows no more checks for now. Try again in a minute.",
      "needs-token": "For this the gateway wants an invitation. Open the check from a call’s page.",
      "other-sfu": "This cannot be checked here: rooms belong to another server behind this gateway.",
      "no-answer": "The gateway did not answer.",
      "not-offered": "This gateway does not offer it.",
      failed: "The check itself failed. {note}",
    },
    tls: {
      plain: "There is none: this page was opened with http://.",
      inspected: "Something on the way opens the encryption: what reaches the gateway is not from this browser.",
      "end-to-end": "As far as the gateway can see it comes from this browser itself.",
      "not-visible": "Browsers do not show certificates to pages, and the gateway does not see it here.",
    },
    http: {
      direct: "They arrive as they were sent.",
      proxied: "They pass a proxy and arrive whole. {note}",
      "old-version": "They arrive as HTTP/1.0: a proxy on the way speaks an old version. {note}",
      "headers-stripped": "A proxy on the way takes headers out of them. {note}",
      "not-the-gateway": "Somebody else answers in the gateway’s place: a proxy’s own page? (HTTP {status})",
      "no-answer": "The gateway does not answer.",
    },
    websocket: {
      works: "They come through ({round_trip_ms} ms there and back).",
      stripped: "The handshake arrives without its Upgrade header: a proxy on the way takes it out.",
      "answer-lost": "The gateway has agreed, and its answer is lost on the way back.",
      "not-arrived": "The handshake never reaches the gateway: somebody on the way refuses it.",
      broken: "They open, and messages do not come back.",
    },
    buffering: {
      flows: "They arrive as they are written.",
      late: "They are held back for a while ({held_ms} ms).",
      buffered: "They are collected on the way and arrive as a whole, when they are over.",
      cut: "They are cut off before they are over.",
      "no-answer": "None arrives.",
    },
    idle: {
      kept: "They are kept for {watched_s} seconds at least.",
      closed: "They are closed after {after_s} seconds without traffic.",
      forgotten: "They are forgotten within {after_s} seconds without traffic, and nobody says so.",
      "no-connection": "No such connection could be made.",
    },
    upload: {
      whole: "Requests of {largest_bytes} octets pass.",
      limited: "Requests of {largest_bytes} octets pass, larger ones do not (HTTP {status}): it is enough.",
      small: "Only requests of up to {largest_bytes} octets pass (HTTP {status}).",
      refused: "Not even small requests with a body pass (HTTP {status}).",
    },
    throughput: {
      enough: "{down} down, {up} up, {round_trip_ms} ms there and back.",
      narrow: "{down} down, {up} up: enough for small pictures.",
      "very-narrow": "{down} down, {up} up: enough for sound.",
      far: "{down} down, {up} up, but {round_trip_ms} ms there and back: people will talk over each other.",
      broken: "It could not be measured: transfers break off.",
    },
    stun: {
      works: "It answers.",
      blocked: "It does not answer: UDP is blocked.",
      "nothing-new": "This cannot be told here: nobody translates addresses on the way, or nothing answers.",
    },
    "turn-udp": relay,
    "turn-tcp": relay,
    "turn-tls": relay,
    native: {
      works: "Pictures went to the gateway and back, and were seen.",
      "udp-blocked": "No connection: UDP is blocked on the way.",
      silent: "It is connected, and no picture comes through.",
      "no-webrtc": "This browser has no WebRTC, or it is switched off.",
    },
    "tunnel-websocket": tunnel,
    "tunnel-http-stream": tunnel,
    "tunnel-http-poll": tunnel,
  },

  requests: {
    tls: { any: "TLS is opened by a proxy on the way. Please exempt this host from inspection." },
    http: {
      "old-version": "A proxy forwards requests as HTTP/1.0. Please have it speak HTTP/1.1 to this host.",
      "headers-stripped": "A proxy takes headers out of requests. Please let them pass to this host.",
      any: "Requests do not reach the host. Please let HTTPS to it pass.",
    },
    websocket: {
      stripped:
        "A proxy takes the headers Upgrade and Connection out of requests. Please let WebSocket (RFC 6455) pass to this host.",
      any: "WebSocket connections fail. Please let the HTTP/1.1 Upgrade to WebSocket (RFC 6455) pass to this host.",
    },
    buffering: { any: "A proxy collects answers before it forwards them. Please switch buffering off for this host." },
    idle: { any: "Connections without traffic end after {after_s} s. Please allow 60 s at least." },
    upload: { any: "Requests with more than {largest_bytes} octets are refused. Please allow 64 kB at least." },
    throughput: { any: "The way carries {down} down and {up} up. A call wants 1 Mb/s each way." },
    native: { "udp-blocked": "UDP to this host is blocked. Allowing it gives calls a shorter delay." },
    stun: { any: "STUN over UDP is blocked. Allowing it gives calls a shorter delay." },
    "turn-udp": { any: "TURN over UDP is blocked. Allowing it gives calls a shorter delay." },
  },

  grades: {
    well: { title: "All is well: calls work here", text: "Nothing is in the way." },
    hindered: { title: "Calls work here", text: "Something is in the way, and wsmedia goes around it." },
    blocked: {
      title: "Calls do not work here",
      text: "The text below tells your network’s administrator what to change.",
    },
  } satisfies Record<Grade, { title: string; text: string }>,

  ways: {
    websocket: "wsmedia will use its tunnel over WebSocket.",
    "http-stream": "wsmedia will use its tunnel over streamed HTTP requests.",
    "http-poll": "wsmedia will use its tunnel over polled HTTP requests.",
    native: "Only native WebRTC gets through.",
    none: "No way for picture and sound was found.",
  } satisfies Record<Way, string>,
  expected: "Picture and sound were not tried; this follows from the other checks.",

  picture: {
    label: "The way from your browser to the room",
    browser: "Browser",
    network: "Network",
    proxy: "Proxy",
    gateway: "Gateway",
    room: "Room",
  },

  allowlist,
  purposes: {
    secure: "HTTPS, and WebSocket inside it (Upgrade: websocket)",
    plain: "HTTP and WebSocket",
    native: "WebRTC media (ICE, DTLS-SRTP)",
    stun: "STUN",
    "turn-udp": "TURN",
    "turn-tcp": "TURN over TCP",
    "turn-tls": "TURN over TLS",
  },
  administrator: {
    title: "For your network’s administrator",
    text: "Pass this on. Nothing private is in it.",
    copy: "Copy",
    copied: "Copied",
    notCopied: "The browser did not let it be copied",
  },
  report: {
    title: "Help the operator",
    text: "The operator of this gateway learns from results how networks are. They hold findings and figures, no names, rooms or addresses.",
    send: "Send the results",
    sent: "Thank you, the results were sent",
    notSent: "The results could not be sent",
  },
  units: { megabits: (value: string) => `${value} Mb/s`, kilobits: (value: string) => `${value} kb/s` },
};
