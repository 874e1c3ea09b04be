// Building the page's nodes. Text from outside only ever becomes a text node.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. Of `props`, `class`, `text` and `on` (listeners by event) have their own meaning; `null`,
 * `undefined` and `false` are left out; all else is an attribute.
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return node;
}

/** A drawing of 24 by 24 that says nothing to a screen reader. */
export function svg(paths, name = "") {
  const node = document.createElementNS(SVG, "svg");
  node.setAttribute("viewBox", "0 0 24 24");
  node.setAttribute("aria-hidden", "true");
  node.setAttribute("class", `icon ${name}`.trim());
  for (const d of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    node.append(path);
  }
  return node;
}

/** A colour that the bot gave as a number, as CSS has it. */
export function colour(number) {
  return `#${number.toString(16).padStart(6, "0")}`;
}

let ids = 0;

/** An id that nothing else on the page has. */
export function freshId(stem) {
  ids += 1;
  return `${stem}-${ids}`;
}

/** Lets whoever has no mouse scroll a box, as long as it is too small for its content. */
export function keepReachable(box) {
  new ResizeObserver(() => {
    const isCut = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
    if (isCut) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }).observe(box);
}

/** The element of `index.html` with this id. */
export function byId(id) {
  return document.getElementById(id);
}

/** Nodes that were made for something, so that what didn't change isn't made anew. */
export class Kept {
  constructor() {
    this.nodes = new Map();
  }

  /** The node of this id if it was made for the same `key`, or a new one. */
  once(id, key, make) {
    const known = this.nodes.get(id);
    if (known?.key === key) return known.node;
    const node = make();
    this.nodes.set(id, { key, node });
    return node;
  }

  /** The node that was made last for this id. */
  get(id) {
    return this.nodes.get(id)?.node;
  }

  /** Forgets all. */
  clear() {
    this.nodes.clear();
  }
}

/** Makes `nodes` the children of `parent`, and moves none that is in its place. */
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const node of [...parent.children]) if (!wanted.has(node)) node.remove();
  nodes.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
}
