// The page's drawings, as strokes in a square of 24.

import { svg } from "./dom.js";

const PATHS = {
  hash: ["M10 4 8 20", "M16 4l-2 16", "M4.5 9h16", "M3.5 15h16"],
  menu: ["M4 7h16", "M4 12h16", "M4 17h16"],
  panel: ["M4 5h16v14H4z", "M15 5v14"],
  close: ["M6 6l12 12", "M18 6 6 18"],
  sun: [
    "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z",
    "M12 2v2",
    "M12 20v2",
    "M2 12h2",
    "M20 12h2",
    "M5 5l1.4 1.4",
    "M17.6 17.6 19 19",
    "M5 19l1.4-1.4",
    "M17.6 6.4 19 5",
  ],
  moon: ["M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z"],
  eye: [
    "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z",
    "M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  ],
  down: ["M6 9.5l6 6 6-6"],
  arrow: ["M12 5v14", "M6 13l6 6 6-6"],
  send: ["M4 12 20 4l-5 16-3.5-6.5z"],
  tab: ["M14 5h5v5", "M19 5l-8 8", "M17 14v5H5V7h5"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  alert: ["M12 3.5 2.5 20h19z", "M12 10v4.5", "M12 17.2v.3"],
  message: ["M4 5h16v11H10l-4 4v-4H4z"],
  people: [
    "M9 5a3.2 3.2 0 1 0 0 6.4A3.2 3.2 0 0 0 9 5z",
    "M2.8 19c.4-3.4 2.7-5.2 6.2-5.2s5.8 1.8 6.2 5.2",
    "M16 5.4a3 3 0 0 1 0 5.6",
    "M17.4 14.2c2.2.6 3.5 2.2 3.8 4.8",
  ],
  picture: ["M4 5h16v14H4z", "M4 16l5-5 4 4 3-3 4 4", "M15.5 8.5v.3"],
  plus: ["M12 5v14", "M5 12h14"],
};

/** A drawing by its name. */
export function icon(name) {
  return svg(PATHS[name], `icon-${name}`);
}
