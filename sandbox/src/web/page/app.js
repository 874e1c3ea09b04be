// The team's channel in a browser: one tab is one person.

import { Refused, follow, post } from "./api.js";
import { Composer } from "./composer.js";
import { byId, h } from "./dom.js";
import { closeDrawers, setUpDrawers } from "./drawers.js";
import { openForm } from "./form.js";
import { icon } from "./icons.js";
import { Log } from "./log.js";
import { Model } from "./model.js";
import { Panel } from "./panel.js";
import { Sidebar } from "./sidebar.js";

/** Who one is where the address says nothing. */
const SOMEBODY = "admin";

/** How long the sign of a sent command stays if its message doesn't come, in milliseconds. */
const GRACE = 500;

const TOPICS = [
  "Search LDAP’s groups, and bring them into Connect",
  "Where admins approve and deny what people ask for",
];

class Page {
  constructor() {
    this.model = new Model({ local: localStorage, session: sessionStorage });
    this.pending = [];
    this.isConnected = true;
    this.log = new Log(this);
    this.composer = new Composer(this);
    this.sidebar = new Sidebar(this);
    this.panel = new Panel(this);
    setUpDrawers();
    byId("theme").append(icon("sun"), icon("moon"));
    byId("skip").addEventListener("click", (event) => {
      event.preventDefault();
      this.composer.focus();
    });
    addEventListener("popstate", () => this.arrive());
    addEventListener("storage", () => this.model.state && this.sidebar.draw());
    addEventListener("visibilitychange", () => this.looked());
    this.arrive();
  }

  /** Becomes whom, and opens what, the address says. */
  arrive() {
    const query = new URLSearchParams(location.search);
    const who = query.get("as") || SOMEBODY;
    this.wanted = query.get("in");
    this.closeForm?.();
    if (who === this.who) {
      if (this.model.state) this.draw();
      return;
    }
    this.who = who;
    this.follow();
  }

  /** Follows what happens, anew, while the tab is seen: a browser keeps few connections to one server. */
  follow() {
    this.end?.();
    this.end = null;
    if (document.visibilityState === "hidden") return;
    this.end = follow(this.who, {
      take: (name, content) => this.take(name, content),
      connected: (isConnected) => this.connected(isConnected),
      refused: () => this.becomeSomebody(),
    });
  }

  connected(isConnected) {
    this.isConnected = isConnected;
    this.drawBanner();
    if (isConnected) this.composer.reached();
  }

  /** The tab has come to be seen, or to be hidden. */
  looked() {
    this.follow();
    if (this.model.state) this.drawMessages();
  }

  /** Whoever the address names isn't one of the team. */
  becomeSomebody() {
    if (this.model.state || this.who === SOMEBODY) return;
    history.replaceState(null, "", "/");
    this.arrive();
  }

  /** The id of the channel that is open. */
  get channel() {
    const { channels } = this.model.state;
    return (channels.find((channel) => channel.name === this.wanted) ?? channels[0]).id;
  }

  /** The address of a place, a person, or both; what isn't said stays. */
  address({ who = this.who, channel = this.channel }) {
    const name = this.model.name("channel", channel);
    const isFirst = channel === this.model.state.channels[0].id;
    return `/?as=${encodeURIComponent(who)}${isFirst ? "" : `&in=${encodeURIComponent(name)}`}`;
  }

  /** Goes there, and to a message in it. */
  go({ who, channel, message }) {
    const address = this.address({ who, channel });
    if (address !== location.pathname + location.search) history.pushState(null, "", address);
    closeDrawers();
    this.arrive();
    if (message) this.log.reveal(message);
    else if (matchMedia("(hover: hover)").matches) this.composer.focus();
  }

  take(name, content) {
    if (name === "state") {
      if (content.me !== this.who) return;
      this.model.take(content);
      this.draw();
      return;
    }
    if (name === "message") this.arrived(content);
    if (name === "gone") this.model.remove(content.id);
    this.drawMessages();
  }

  arrived(message) {
    const isNew = this.model.put(message);
    if (isNew && message.command?.who === this.who) this.pending.shift()?.();
  }

  draw() {
    const { state } = this.model;
    const name = this.model.name("channel", this.channel);
    byId("channel-name").replaceChildren(icon("hash"), h("span", { text: name }));
    byId("channel-topic").textContent =
      TOPICS[state.channels.findIndex((channel) => channel.id === this.channel)] ?? "";
    this.composer.draw();
    this.panel.draw();
    this.drawBanner();
    this.drawMessages();
  }

  drawMessages() {
    if (document.visibilityState === "visible") this.model.see(this.who, this.channel);
    this.log.draw();
    this.sidebar.draw();
    const me = this.model.person(this.who);
    const mentions = this.model.state.channels.map((channel) => this.model.unread(me, channel.id).mentions);
    const sum = mentions.reduce((all, each) => all + each, 0);
    const name = this.model.name("channel", this.channel);
    document.title = `${sum > 0 ? `(${sum}) ` : ""}#${name} · ${me.display_name}`;
  }

  drawBanner() {
    const { state } = this.model;
    const words = this.isConnected
      ? state && awayOf(state)
      : h(
          "span",
          {},
          "The sandbox can’t be reached. Trying again… If ",
          h("code", { class: "span", text: "cargo sandbox" }),
          " was started anew, its terminal says the new address.",
        );
    const banner = byId("banner");
    banner.hidden = !words;
    banner.replaceChildren(...(words ? [icon("alert"), words] : []));
  }

  /** Shows a private message no more. */
  dismiss(id) {
    this.model.dismiss(id);
    this.drawMessages();
    this.composer.focus();
  }

  /** Begins the command that is meant. */
  begin(isMeant, values) {
    const command = this.model.commands.find(isMeant);
    if (command) this.composer.begin(command, values);
    else this.composer.fail("The bot hasn’t registered this command.");
  }

  /** Writes an ordinary message. */
  say(content) {
    return post("say", { as: this.who, channel: this.channel, content });
  }

  /** Uses a command. */
  async slash(command, options) {
    const as = this.who;
    const done = this.log.pend(`/${command.name}`);
    this.pending.push(done);
    const over = () => {
      this.pending = this.pending.filter((each) => each !== done);
      done();
    };
    try {
      const answer = await post("slash", {
        as,
        channel: this.channel,
        command: command.call,
        options,
      });
      this.open(answer, as);
      setTimeout(over, GRACE);
    } catch (error) {
      over();
      throw error;
    }
  }

  /** What the bot offers for an option: `{choices}` or `{error}`. */
  async autocomplete(command, options, { option, text }) {
    try {
      return await post("autocomplete", {
        as: this.who,
        channel: this.channel,
        command: command.call,
        options,
        focused: { name: option.name, value: text },
      });
    } catch (error) {
      if (error instanceof Refused) return { error: error.message };
      throw error;
    }
  }

  /** Presses a button. */
  press(message, customId) {
    return this.use(message, "press", { custom_id: customId });
  }

  /** Picks from a menu. */
  pick(message, customId, values) {
    return this.use(message, "pick", { custom_id: customId, values });
  }

  async use(message, route, what) {
    const as = this.who;
    this.log.fail(message.id, null);
    try {
      const answer = await post(route, { as, message: message.id, ...what });
      this.open(answer, as);
      if (answer.error) this.log.fail(message.id, answer.error);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.log.fail(message.id, error.message);
    }
  }

  /** Opens the form that came as an answer, if the tab is still the person who gets it. */
  open({ form }, as) {
    if (!form || as !== this.who) return;
    this.closeForm = openForm(form, this, (values) =>
      post("submit", { as, form: form.id, values }),
    );
  }
}

/** Why commands get no answer now, if they get none. */
function awayOf({ ready, starting }) {
  if (starting)
    return "The bot is starting anew with the changed settings: until it has, commands get no answer.";
  return ready ? null : "Discord can’t reach the bot: until it can, commands get no answer.";
}

new Page();
