// Behind the scenes: what Connect and LDAP have, the bot's settings, and switches that break things.

import { post, Refused } from "./api.js";
import { count } from "./command.js";
import { Kept, arrange, byId, freshId, h, keepReachable } from "./dom.js";
import { icon } from "./icons.js";
import { visible } from "./model.js";

/** So many groups are listed at the most; the filter finds the others. */
const MOST = 150;

const SETTINGS = [
  ["admin_approval", "Admins need approval", "ADMIN_CREATES=approval", "What an admin creates waits for another admin."],
  ["reason_required", "A reason is needed", "REASON_REQUIRED=true", "Whoever asks for a group must say why."],
  ["one_request", "One open request each", "MAX_OPEN_REQUESTS=1", "A second one is refused while the first is open."],
  ["expire_soon", "Requests expire soon", "REQUEST_TTL=3m", "After 3 minutes, not after 72 hours."],
  ["remind_soon", "Reminders come soon", "REQUEST_REMINDER=1m", "Admins read of a request again after a minute, not a day."],
];

const FAULTS = [
  [
    "connect_slow",
    "Connect is slow",
    "Its answers take seconds: people see “thinking…” first, and no suggestions.",
  ],
  [
    "connect_down",
    "Connect is down",
    "People read that it can’t be reached. What was approved is tried again until it works.",
  ],
  [
    "connect_html",
    "A proxy is in the way",
    "HTML comes instead of Connect’s answer. People read that something stands in front of it.",
  ],
  [
    "ldap_away",
    "LDAP is away",
    "Connect is there but can’t look into LDAP. People are asked to try again in a few minutes.",
  ],
  [
    "gateway_away",
    "Discord cuts the bot off",
    "Until it may come back, no command gets an answer. Then it is back within a minute.",
  ],
  [
    "discord_refuses",
    "Discord refuses messages",
    "The bot can’t post. Requests are kept, people read so, and they are posted once it can.",
  ],
];

const DEEDS = [
  [
    "expire_tickets",
    "Expire the tickets",
    "What was searched must be searched again. The bot does it by itself: people notice nothing.",
  ],
  [
    "drop_gateway",
    "Drop the gateway",
    "The bot loses Discord for a moment. A command in that moment gets no answer.",
  ],
];

/** The panel at the side. */
export class Panel {
  constructor(page) {
    this.page = page;
    this.kept = new Kept();
    this.error = h("p", { class: "panel-error", role: "alert", hidden: true, "data-testid": "panel-error" });
    this.health = h("ul", { class: "health", "data-testid": "health" });
    this.settings = SETTINGS.map(([name, label, variable, effect]) =>
      this.toggle("setting", name, label, [effect, " ", h("code", { text: variable })]),
    );
    this.faults = FAULTS.map((fault) => this.toggle("fault", ...fault));
    this.deeds = DEEDS.map((deed) => this.deed(...deed));
    this.filter = h("input", {
      class: "filter",
      type: "search",
      placeholder: "Filter groups",
      "aria-label": "Filter groups",
      autocomplete: "off",
      "data-testid": "filter",
      on: { input: () => this.drawGroups() },
    });
    this.connect = this.section("Connect");
    this.ldap = this.section("LDAP");
    byId("panel-body").append(
      this.health,
      this.error,
      h("section", { "aria-label": "Groups" }, this.filter, this.connect.node, this.ldap.node),
      h(
        "section",
        { "aria-labelledby": "settings-head" },
        h("h3", { class: "panel-title", id: "settings-head", text: "Settings" }),
        h("p", { class: "panel-note", text: "Each starts the bot anew, with the same requests." }),
        this.settings.map((each) => each.node),
      ),
      h(
        "section",
        { "aria-labelledby": "break-head" },
        h("h3", { class: "panel-title", id: "break-head", text: "Break things" }),
        this.faults.map((each) => each.node),
        this.deeds.map((each) => each.node),
      ),
    );
  }

  section(name) {
    const head = h("h3", { class: "panel-title" });
    const list = h("ul", {
      class: "groups",
      "aria-label": `Groups of ${name}`,
      "data-testid": `${name.toLowerCase()}-groups`,
    });
    keepReachable(list);
    const note = h("p", { class: "panel-note" });
    return { head, list, note, node: h("div", { class: "panel-section" }, head, list, note) };
  }

  /** A switch of this kind: a setting or a fault. */
  toggle(kind, name, label, effect) {
    const id = freshId(kind);
    const button = h(
      "button",
      {
        class: "switch",
        type: "button",
        role: "switch",
        "aria-checked": "false",
        "aria-describedby": id,
        "data-testid": `${kind}-${name}`,
        on: {
          click: () => this.act(kind, { [kind]: name, on: button.getAttribute("aria-checked") !== "true" }),
        },
      },
      h("span", { class: "switch-label", text: label }),
      h("span", { class: `switch-track switch-${kind}`, "aria-hidden": "true" }, h("i")),
    );
    return {
      name,
      button,
      node: h("div", { class: "fault" }, button, h("p", { class: "effect", id }, effect)),
    };
  }

  deed(what, label, effect) {
    const id = freshId("deed");
    const button = h("button", {
      class: "button button-secondary button-small",
      type: "button",
      text: label,
      "aria-describedby": id,
      "data-testid": `do-${what}`,
      on: { click: () => this.act("do", { what }) },
    });
    return { what, node: h("div", { class: "fault" }, button, h("p", { class: "effect", id, text: effect })) };
  }

  async act(route, body) {
    this.error.hidden = true;
    try {
      await post(route, body);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.error.hidden = false;
      this.error.textContent = error.message;
    }
  }

  /** Draws what the state says. */
  draw() {
    const { state } = this.page.model;
    for (const [switches, on] of [
      [this.settings, state.settings],
      [this.faults, state.faults],
    ])
      for (const { name, button } of switches) button.setAttribute("aria-checked", String(on[name] === true));
    // Over HTTP there is none.
    for (const { what, node } of this.deeds) node.hidden = what === "drop_gateway" && !state.gateway;
    this.health.replaceChildren(
      health("Bot", state.ready, "online", "offline"),
      health("Connect", state.connect.up, "up", "down"),
      health("LDAP", !state.faults.ldap_away, "up", "away"),
    );
    this.drawGroups();
  }

  drawGroups() {
    const { connect } = this.page.model.state;
    const query = this.filter.value.trim().toLowerCase();
    const found = (groups) => groups.filter((group) => group.name.toLowerCase().includes(query));
    this.fill(this.connect, "Connect", connect.groups.length, found(connect.groups), (group) =>
      hasGroup(group),
    );
    this.fill(this.ldap, "LDAP", connect.ldap_total ?? connect.ldap.length, found(connect.ldap), (group) =>
      this.ldapGroup(group),
    );
  }

  fill({ head, list, note }, name, all, found, make) {
    head.textContent = `${name} has ${count(all, "group")}`;
    const shown = found.slice(0, MOST);
    const seen = new Map();
    const nodes = shown.map((group) => {
      // Two groups may have one name.
      const nth = (seen.get(group.name) ?? 0) + 1;
      seen.set(group.name, nth);
      return this.kept.once(`${name} ${nth} ${group.name}`, String(group.guid), () => make(group));
    });
    const held = list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    arrange(list, nodes);
    if (held) [...list.querySelectorAll("button")].find((node) => node.dataset.key === held)?.focus();
    list.hidden = shown.length === 0;
    note.textContent = left(all, found.length, shown.length);
    note.hidden = note.textContent === "";
  }

  ldapGroup({ name, guid }) {
    const isIn = guid !== null && guid !== undefined;
    const label = isIn ? "Remove" : "Import";
    const shown = visible(name);
    return h(
      "li",
      { class: isIn ? "group group-in" : "group", "data-testid": "ldap-group", "data-name": name },
      nameOf(shown),
      h("button", {
        class: "as-link",
        type: "button",
        text: label,
        "data-key": name,
        "aria-label": isIn ? `Remove ${shown} from Connect` : `Import ${shown} into Connect`,
        title: isIn ? "Remove it in Connect, past the bot" : "Import it in Connect, past the bot",
        on: { click: () => this.act("do", { what: label.toLowerCase(), name }) },
      }),
    );
  }
}

function hasGroup({ name, guid }) {
  return h(
    "li",
    { class: "group group-in", "data-testid": "connect-group", "data-name": name },
    nameOf(visible(name)),
    h("code", { class: "guid", text: guid }),
  );
}

function nameOf(shown) {
  return h("span", { class: "group-name", text: shown, title: shown.length > 60 ? shown : null });
}

function health(name, isWell, well, ill) {
  return h(
    "li",
    { class: isWell ? "health-item" : "health-item health-ill" },
    isWell ? icon("check") : icon("alert"),
    h("span", { class: "health-name", text: name }),
    h("span", { text: isWell ? well : ill }),
  );
}

function left(all, found, shown) {
  if (all === 0) return "None yet.";
  if (found === 0) return "The filter matches none of them.";
  return found > shown ? `${count(found - shown, "more group")}: filter to see others.` : "";
}
