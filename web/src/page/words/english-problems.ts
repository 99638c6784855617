/** What the page says in English when something is wrong: what it is, and what can be done. */

import type { CaptureProblem, RoomEnd, RoomProblem, ScreenProblem } from "../../sdk/index.ts";

/** A problem in plain words. */
export interface Explanation {
  readonly title: string;
  readonly text: string;
}

const media = { audio: "sound", video: "video" } as const;
const sources = { microphone: "sound", camera: "video", screen: "screen" } as const;
const automatic = "Leave and choose automatic codecs under “Connection”, or take a current Chrome or Edge.";
const insecure = {
  title: "Camera and microphone need HTTPS",
  text: "Browsers give them only to pages opened with https:// or on localhost. Open this address with https://.",
};

export const englishProblems = {
  banner: {
    connecting: { title: "Connecting to the server…", text: "This takes longer than usual. We keep trying." },
    reconnecting: {
      title: "The connection is interrupted",
      text: "We keep trying. You stay in the call and come back by yourself.",
    },
    offline: { title: "Your device is offline", text: "The call goes on as soon as the network is back." },
  },

  capture: {
    camera: {
      insecure,
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
      insecure,
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

  /** Why a screen is not shared. */
  screen: {
    insecure: { title: "Screens can be shared only with HTTPS", text: "Open this address with https://." },
    unsupported: { title: "Your screen cannot be shared", text: "This browser or system does not show it to pages." },
    cancelled: { title: "Your screen is not shared", text: "Nothing was chosen." },
    denied: {
      title: "Sharing the screen is blocked",
      text: "Allow it in the system’s privacy settings, and start the browser again.",
    },
    busy: { title: "Your screen could not be shared", text: "The system does not give it. Try another window." },
  } satisfies Record<ScreenProblem, Explanation>,

  browser: {
    insecure: {
      title: "This page must be opened with https://",
      text: "Browsers allow calls only on https:// or localhost. Change the address and open it again.",
    },
    unsupported: (missing: string): Explanation => ({
      title: "This browser cannot hold calls here",
      text: `It has no ${missing}. A current Chrome, Edge or Firefox does.`,
    }),
    unsupportedTunnel: (missing: string): Explanation => ({
      title: "This browser cannot hold calls here",
      text: `It has no ${missing}. A current Chrome, Edge or Firefox does; or try native WebRTC, below under “Connection”.`,
    }),
    unsupportedCodecs: (missing: string): Explanation => ({
      title: "This browser cannot hold calls here",
      text: `It has no ${missing}. Choose other codecs below under “Connection”.`,
    }),
  },

  problem(problem: RoomProblem): Explanation {
    switch (problem.kind) {
      case "cannotEncode":
        return problem.media === "audio"
          ? {
              title: "This browser cannot encode Opus sound",
              text: "Others see you but do not hear you. A current Chrome or Edge can.",
            }
          : problem.source === "screen"
            ? {
                title: "This browser cannot encode your screen",
                text: problem.late
                  ? `Others do not see it: the encoder holds dozens of pictures back. ${automatic}`
                  : "Others do not see it. A current Chrome or Edge can.",
              }
            : problem.late
              ? {
                  title: "This browser encodes video too late for a call",
                  text: `Others hear you but do not see you: its encoder holds dozens of pictures back. ${automatic}`,
                }
              : {
                  title: "This browser cannot encode H.264 video",
                  text: "Others hear you but do not see you. A current Chrome or Edge can.",
                };
      case "cannotDecode":
        return {
          title: `The ${media[problem.media]} of ${problem.participant.name || "someone"} cannot be decoded here`,
          text: "This browser lacks the codec. A current Chrome or Edge has it.",
        };
      case "rejected":
        return { title: `The room does not take your ${sources[problem.source]}`, text: problem.reason };
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
  } satisfies Record<RoomEnd, Explanation>,
};
