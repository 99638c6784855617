/** Keeps a room's publications at what the user's camera and microphone give, on or off, replaced or unplugged. */

import type { LocalMedia } from "../capture/local-media.ts";
import type { Publication, PublishOptions, Room } from "./api.ts";

/** The part of `LocalMedia` that is looked at. */
export type FollowedMedia = Pick<
  LocalMedia,
  "camera" | "microphone" | "choice" | "addEventListener" | "removeEventListener"
>;
/** The part of a room that is told. */
export type PublishingRoom = Pick<Room, "state" | "publish" | "addEventListener" | "removeEventListener">;

/**
 * Publish camera and microphone, and follow them until the room ends.
 *
 * A camera that is off, and a microphone that is off or gone, are muted for the others; nothing is announced before there is
 * something to send.
 *
 * @returns ends the following; what is published stays.
 */
export function publishDevices(room: PublishingRoom, media: FollowedMedia): () => void {
  let microphone: Publication | null = null;
  let camera: Publication | null = null;
  let sentQuality: FollowedMedia["choice"]["quality"] | null = null;

  const follow = (): void => {
    if (room.state === "ended") return;
    const { choice } = media;
    const { framerate, maxBitrateBps } = choice.quality;
    microphone = followed(room, microphone, media.microphone, { source: "microphone", muted: !choice.microphoneOn });
    const options = { framerate, maxBitrateBps };
    if (camera !== null && camera.track === media.camera && choice.quality !== sentQuality) {
      camera.replaceTrack(media.camera, options);
    }
    sentQuality = choice.quality;
    camera = followed(room, camera, media.camera, { source: "camera", muted: false, ...options });
  };

  const stop = (): void => {
    media.removeEventListener("change", follow);
    room.removeEventListener("ended", stop);
  };
  media.addEventListener("change", follow);
  room.addEventListener("ended", stop);
  follow();
  return stop;
}

function followed(
  room: PublishingRoom,
  publication: Publication | null,
  track: MediaStreamTrack | null,
  options: PublishOptions & { readonly muted: boolean },
): Publication | null {
  if (publication === null) return track === null ? null : room.publish(track, options);
  if (publication.track !== track) {
    const { source: _source, muted: _muted, ...sendOptions } = options;
    publication.replaceTrack(track, sendOptions);
  }
  if (publication.muted !== options.muted) publication.muted = options.muted;
  return publication;
}
