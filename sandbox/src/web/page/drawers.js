// The two sides of the page: columns where there is room, drawers over the messages elsewhere.

import { byId } from "./dom.js";
import { icon } from "./icons.js";

const SIDEBAR = {
  side: byId("sidebar"),
  open: byId("open-sidebar"),
  close: byId("close-sidebar"),
  small: matchMedia("(max-width: 760px)"),
};
const PANEL = {
  side: byId("panel"),
  open: byId("toggle-panel"),
  close: byId("close-panel"),
  small: matchMedia("(max-width: 1100px)"),
};

/** Makes the buttons work; the panel stands open as it was left. */
export function setUpDrawers() {
  SIDEBAR.open.append(icon("menu"));
  SIDEBAR.close.append(icon("close"));
  PANEL.open.append(icon("panel"));
  PANEL.close.append(icon("close"));
  for (const drawer of [SIDEBAR, PANEL]) {
    drawer.open.addEventListener("click", () => toggle(drawer));
    drawer.close.addEventListener("click", () => shut(drawer));
    drawer.small.addEventListener("change", () => settle(drawer));
    settle(drawer);
  }
  byId("shade").addEventListener("click", closeDrawers);
  addEventListener("keydown", (event) => event.key === "Escape" && closeDrawers());
}

/** Closes what lies over the messages. */
export function closeDrawers() {
  for (const drawer of [SIDEBAR, PANEL]) if (isOver(drawer)) shut(drawer);
}

function isOver(drawer) {
  return drawer.small.matches && drawer.side.classList.contains("open");
}

function settle(drawer) {
  // A column is open unless it was closed; a drawer is closed until it is asked for.
  const isOpen = drawer.small.matches
    ? false
    : drawer === SIDEBAR || localStorage.getItem("panel") !== "closed";
  show(drawer, isOpen);
}

function toggle(drawer) {
  if (drawer.side.classList.contains("open")) {
    shut(drawer);
    return;
  }
  closeDrawers();
  show(drawer, true);
  keep(drawer, "open");
  if (drawer.small.matches) drawer.close.focus();
}

function shut(drawer) {
  const hadFocus = drawer.side.contains(document.activeElement);
  show(drawer, false);
  keep(drawer, "closed");
  if (hadFocus) drawer.open.focus();
}

function keep(drawer, how) {
  if (drawer === PANEL && !drawer.small.matches) localStorage.setItem("panel", how);
}

function show(drawer, isOpen) {
  drawer.side.classList.toggle("open", isOpen);
  drawer.side.inert = !isOpen;
  drawer.open.setAttribute("aria-expanded", String(isOpen));
  byId("app").classList.toggle(`with-${drawer.side.id}`, isOpen);
  const over = [SIDEBAR, PANEL].find(isOver);
  byId("shade").hidden = !over;
  byId("channel").inert = over !== undefined;
}
