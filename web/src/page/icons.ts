/** The page's pictograms: 24 × 24, drawn with strokes of the text's colour. */

const PATHS = {
  microphone: '<rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3"/>',
  microphoneOff:
    '<path d="M15 10V6a3 3 0 0 0-5.8-1.1M9 9.5V11a3 3 0 0 0 4.6 2.5M5.5 11.5a6.5 6.5 0 0 0 10 5.5M18.5 11.5c0 1.1-.3 2.2-.8 3.1M12 18v3M4 4l16 16"/>',
  camera: '<rect x="3" y="6.5" width="12.5" height="11" rx="2.5"/><path d="m15.5 10.5 5-3v9l-5-3"/>',
  cameraOff:
    '<path d="M10 6.5h3a2.5 2.5 0 0 1 2.5 2.5v3l5 3.5v-8l-5 3M5.5 6.5A2.5 2.5 0 0 0 3 9v6a2.5 2.5 0 0 0 2.5 2.5H13c1 0 1.7-.5 2.2-1.300M4 4l16 16"/>',
  leave:
    '<path d="M3.2 14.500c-.7-1-.6-2.4.3-3.200C5.7 9.2 8.7 8 12 8s6.3 1.2 8.5 3.300c.9.8 1 2.2.3 3.200l-.7 1c-.5.7-1.5 1-2.3.6l-2-.9c-.7-.3-1.1-1-1.1-1.700v-1.200a9.5 9.5 0 0 0-5.4 0v1.200c0 .7-.4 1.4-1.1 1.700l-2 .9c-.8.4-1.8.1-2.3-.6z"/>',
  sliders: '<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="17" r="2"/>',
  chart: '<path d="M4 20h16M7 16v-4M12 16V6M17 16V9"/>',
  link: '<path d="M10 13.500a4 4 0 0 0 6 .4l2.7-2.700a4 4 0 1 0-5.7-5.700L11.8 6.700M14 10.500a4 4 0 0 0-6-.4l-2.7 2.700a4 4 0 1 0 5.7 5.700l1.2-1.2"/>',
  people:
    '<circle cx="9" cy="8.5" r="3"/><path d="M3.5 18.500c.4-3 2.6-5 5.5-5s5.1 2 5.5 5M15.5 5.800a3 3 0 0 1 0 5.400M17.5 14c1.7.8 2.8 2.4 3 4.5"/>',
  sun: '<circle cx="12" cy="12" r="4"/><path d="M12 3v1.500M12 19.500V21M3 12h1.500M19.5 12H21M5.6 5.600l1.1 1.100M17.3 17.300l1.1 1.100M5.6 18.400l1.1-1.100M17.3 6.700l1.1-1.1"/>',
  moon: '<path d="M20 14.500A8 8 0 0 1 9.5 4a8 8 0 1 0 10.5 10.500z"/>',
  close: '<path d="M6 6l12 12M18 6 6 18"/>',
  screen:
    '<rect x="3" y="4.500" width="18" height="12" rx="2"/><path d="M8.500 20h7M12 16.500V20M12 13.200V8M9.500 10.300 12 7.800l2.5 2.500"/>',
  screenOff:
    '<rect x="3" y="4.500" width="18" height="12" rx="2"/><path d="M8.500 20h7M12 16.500V20M9.700 8.200l4.600 4.600M14.300 8.200l-4.600 4.600"/>',
  help: '<circle cx="12" cy="12" r="8.500"/><path d="M9.600 9.700a2.400 2.400 0 1 1 3.600 2.100c-.8.5-1.200 1-1.200 1.900M12 16.500v.1"/>',
  enlarge: '<path d="M14 4h6v6M20 4l-6.500 6.500M10 20H4v-6M4 20l6.500-6.500"/>',
  shrink: '<path d="M20 10h-6V4M14 10l6.500-6.500M4 14h6v6M10 14l-6.500 6.500"/>',
  move: '<path d="M12 3v18M3 12h18M9.500 5.500 12 3l2.500 2.500M9.500 18.500 12 21l2.500-2.500M5.500 9.500 3 12l2.500 2.500M18.500 9.500 21 12l-2.500 2.500"/>',
  minimise: '<path d="M5 12h14"/>',
  download: '<path d="M12 4v11M7.500 11 12 15.500 16.500 11M5 20h14"/>',
  copy: '<rect x="8.500" y="8.500" width="11.500" height="11.500" rx="2"/><path d="M15.500 8.500V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v7.500a2 2 0 0 0 2 2h2.500"/>',
  warning: '<path d="M12 4 2.8 19.500h18.400zM12 10v4.500M12 17.200v.1"/>',
  speaker: '<path d="M4 9.500v5h3.500L12 18V6L7.5 9.500zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11"/>',
} as const;

/** Which pictograms there are. */
export type IconName = keyof typeof PATHS;

/** A pictogram; what it means is said by the element around it. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.innerHTML = PATHS[name];
  return svg;
}
