/** Every word that the page says, in one place, so that it can be reread, corrected and translated. */

import type { CaptureProblem } from "../capture/capture-problem.ts";
import type { CallEnd, CallMode, CallProblem, CallState } from "../room/call.ts";

/** A problem in plain words: what it is, and what can be done. */
export interface Explanation {
  readonly title: string;
  readonly text: string;
}

const media = { audio: "sound", video: "video" } as const;

export const strings = {
  product: "wsmedia",
  tagline: "Calls that get through",

  lobby: {
    title: "Join a call",
    titleRoom: (room: string) => `Join “${room}”`,
    name: "Your name",
    namePlaceholder: "Alice",
    room: "Room",
    roomPlaceholder: "standup",
    roomHint: "Everybody who enters the same room name meets there.",
    join: "Join",
    rejoin: "Join again",
    left: "You left the call.",
    nameMissing: "Please say what others should call you.",
    roomMissing: "Please name a room.",
    roomInvalid: "A room name has up to 64 letters, digits, and the signs . _ ~ -",
    more: "Connection",
    mode: "How media travels",
    modes: {
      tunnel: "Tunnel: through HTTPS, works in strict networks",
      native: "Native WebRTC: directly, where UDP is open",
    } satisfies Record<CallMode, string>,
    token: "Access token",
    tokenHint: "Only if you were given one. It is not stored.",
    previewOff: "Your camera is off",
    previewStarting: "Starting your camera…",
    previewNone: "No camera",
  },

  devices: {
    title: "Devices",
    camera: "Camera",
    microphone: "Microphone",
    speaker: "Speaker",
    quality: "Video quality",
    qualities: { "180p": "Low (180p)", "360p": "Medium (360p)", "720p": "High (720p)", "1080p": "Full HD (1080p)" },
    systemDefault: "System default",
    unnamed: (kind: string, number: number) => `${kind} ${number}`,
    none: "None found",
  },

  controls: {
    label: "Call controls",
    microphoneOn: "Turn microphone on",
    microphoneOff: "Turn microphone off",
    cameraOn: "Turn camera on",
    cameraOff: "Turn camera off",
    devices: "Devices",
    details: "Call details",
    leave: "Leave",
    copyLink: "Copy invitation link",
    linkCopied: "Link copied",
    linkNotCopied: "Could not copy; take the link from the address bar.",
    light: "Use light colours",
    dark: "Use dark colours",
    close: "Close",
    tryAgain: "Try again",
    reload: "Reload page",
    shortcut: (key: string) => ` (${key})`,
  },

  call: {
    youNamed: (name: string) => `${name} (you)`,
    someone: "Someone",
    alone: "Nobody else is here yet",
    aloneHint: "Send the link to those who should come.",
    people: (count: number) => (count === 1 ? "1 person" : `${count} people`),
    joined: (name: string) => `${name} joined`,
    left: (name: string) => `${name} left`,
    microphoneMuted: "Microphone is off",
    tile: (name: string, microphone: boolean, camera: boolean) =>
      `${name}${microphone ? "" : ", microphone off"}${camera ? "" : ", camera off"}`,
    waitingForPicture: "Waiting for the picture…",
    pictureStands: "The picture has stopped",
    soundBlocked: "Your browser waits for a click before it plays sound.",
    playSound: "Play sound",
  },

  states: {
    connecting: "Connecting…",
    connected: "Connected",
    reconnecting: "Reconnecting…",
    ended: "Not connected",
  } satisfies Record<CallState, string>,
  modes: { tunnel: "HTTPS tunnel", native: "WebRTC" } satisfies Record<CallMode, string>,
  roundTrip: (milliseconds: number) => `${Math.round(milliseconds)} ms round trip`,

  banner: {
    connecting: { title: "Connecting to the server…", text: "This takes longer than usual. We keep trying." },
    reconnecting: {
      title: "The connection is interrupted",
      text: "We keep trying. You stay in the call and come back by yourself.",
    },
    offline: { title: "Your device is offline", text: "The call goes on as soon as the network is back." },
  },

  details: {
    title: "Call details",
    hint: "For those who help when something is wrong.",
    copy: "Copy as text",
    copied: "Copied",
    path: "Connection",
    sent: "Sent",
    received: (name: string) => `From ${name}`,
    roundTrip: "Round trip",
    queueing: "Waiting in the network",
    pathBitrate: "Path carries",
    sentBitrate: "Sending",
    receivedBitrate: "Receiving",
    lanes: "Lanes",
    mode: "Way",
    participant: "Participant id",
    delay: "Delay",
    skew: "Video behind sound",
    playout: "Sound held back",
    concealed: "Sound invented",
    dropped: "dropped",
    keyframes: "keyframes",
    frames: "frames",
    video: "Video",
    audio: "Sound",
    none: "–",
  },

  capture: {
    camera: {
      insecure: {
        title: "Camera and microphone need HTTPS",
        text: "Browsers give them only to pages opened with https:// or on localhost. Open this address with https://.",
      },
      missing: { title: "No camera found", text: "You can join without one, or plug one in and try again." },
      denied: {
        title: "The camera is blocked",
        text: "Allow it in the browser’s address bar, or in the system’s privacy settings, and try again.",
      },
      busy: {
        title: "The camera is in use",
        text: "Another program seems to hold it. Close that program and try again.",
      },
      lost: { title: "The camera was unplugged", text: "Plug it in again or choose another one." },
    },
    microphone: {
      insecure: {
        title: "Camera and microphone need HTTPS",
        text: "Browsers give them only to pages opened with https:// or on localhost. Open this address with https://.",
      },
      missing: { title: "No microphone found", text: "You can join and listen, or plug one in and try again." },
      denied: {
        title: "The microphone is blocked",
        text: "Allow it in the browser’s address bar, or in the system’s privacy settings, and try again.",
      },
      busy: {
        title: "The microphone is in use",
        text: "Another program seems to hold it. Close that program and try again.",
      },
      lost: { title: "The microphone was unplugged", text: "Plug it in again or choose another one." },
    },
  } satisfies Record<"camera" | "microphone", Record<CaptureProblem, Explanation>>,

  browser: {
    insecure: {
      title: "This page must be opened with https://",
      text: "Browsers allow calls only on https:// or localhost. Change the address and open it again.",
    },
    unsupported: (missing: string): Explanation => ({
      title: "This browser cannot hold calls here",
      text: `It has no ${missing}. A current Chrome, Edge or other Chromium browser does.`,
    }),
    unsupportedTunnel: (missing: string): Explanation => ({
      title: "This browser cannot hold calls here",
      text: `It has no ${missing}. A current Chrome or Edge does; or try native WebRTC, below under “Connection”.`,
    }),
  },

  problem(problem: CallProblem): Explanation {
    switch (problem.kind) {
      case "cannotEncode":
        return problem.media === "video"
          ? {
              title: "This browser cannot encode H.264 video",
              text: "Others hear you but do not see you. A current Chrome or Edge can.",
            }
          : {
              title: "This browser cannot encode Opus sound",
              text: "Others see you but do not hear you. A current Chrome or Edge can.",
            };
      case "cannotDecode":
        return {
          title: `The ${media[problem.media]} of ${problem.name || "someone"} cannot be decoded here`,
          text: "This browser lacks the codec. A current Chrome or Edge has it.",
        };
      case "rejected":
        return {
          title: `The room does not take your ${media[problem.media]}`,
          text: problem.reason,
        };
    }
  },

  ends: {
    left: { title: "The call was ended by the server", text: "You can join again." },
    tokenRefused: {
      title: "Your invitation was not accepted",
      text: "The access token is missing, has expired, or belongs to another server. Ask for a new link.",
    },
    forbidden: {
      title: "Your invitation is for something else",
      text: "It does not allow this room, or not from this address. Ask for a link to this room.",
    },
    sfuFailed: {
      title: "The media server did not let you in",
      text: "The server behind this page is down or refused the room. Try again in a moment.",
    },
    overloaded: { title: "The server is full", text: "Try again in a few minutes." },
    rateLimited: {
      title: "The server stopped this connection",
      text: "It sent more than the server allows. Lower the video quality and join again.",
    },
    versionMismatch: {
      title: "Page and server do not understand each other",
      text: "Perhaps the server was updated. Reload the page.",
    },
    serverGone: {
      title: "The server cannot be reached",
      text: "It may be down, or your network blocks it. Check your connection and try again.",
    },
    crashed: { title: "Something went wrong", text: "Join again; if it happens again, reload the page." },
  } satisfies Record<CallEnd, Explanation>,
} as const;
