/** Which charts the drawer has. */

import { Chart, type ChartSpec } from "./chart.ts";
import { bitrate, framesPerSecond, milliseconds, percent, perSecond } from "./figures.ts";
import { strings } from "./strings.ts";

const words = strings.details;

const SPECS: readonly ChartSpec[] = [
  {
    title: words.bitrate,
    least: 100_000,
    format: bitrate,
    series: [
      { label: words.sentBitrate, value: ({ sentBps }) => sentBps },
      { label: words.receivedBitrate, value: ({ receivedBps }) => receivedBps },
      { label: words.pathBitrate, value: ({ pathBps }) => pathBps },
    ],
  },
  {
    title: words.frameRate,
    least: 30,
    format: framesPerSecond,
    series: [
      { label: words.sentBitrate, value: ({ sentFps }) => sentFps },
      { label: words.receivedBitrate, value: ({ receivedFps }) => receivedFps },
    ],
  },
  {
    title: words.delayTitle,
    least: 100,
    format: milliseconds,
    series: [
      { label: words.picture, value: ({ pictureDelayMs }) => pictureDelayMs },
      { label: words.soundShort, value: ({ soundDelayMs }) => soundDelayMs },
    ],
  },
  {
    title: words.soundTitle,
    least: 100,
    format: milliseconds,
    series: [
      { label: words.held, value: ({ playoutDelayMs }) => playoutDelayMs },
      { label: words.target, value: ({ playoutTargetMs }) => playoutTargetMs },
    ],
  },
  {
    title: words.network,
    least: 50,
    format: milliseconds,
    series: [
      { label: words.roundTrip, value: ({ roundTripMs }) => roundTripMs },
      { label: words.queueing, value: ({ queueingMs }) => queueingMs },
    ],
  },
  {
    title: words.losses,
    least: 5,
    format: perSecond,
    series: [
      { label: words.droppedFrames, value: ({ framesDropped }) => framesDropped },
      { label: words.freezes, value: ({ freezes }) => freezes },
    ],
  },
  {
    title: words.concealment,
    least: 0.05,
    format: percent,
    series: [{ label: words.share, value: ({ concealed }) => concealed }],
  },
  {
    title: words.lanes,
    least: 4,
    format: (value) => (value === null ? words.none : value.toFixed(0)),
    series: [
      { label: words.lanesOpen, value: ({ lanes }) => lanes },
      { label: words.lanesStalled, value: ({ stalledLanes }) => stalledLanes },
    ],
  },
];

/** All of them, empty. */
export const makeCharts = (): Chart[] => SPECS.map((spec) => new Chart(spec));
