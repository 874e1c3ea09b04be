// What the page knows, and what follows from it. No node of the page is touched here.

import { commandsOf } from "./command.js";
import { parse, plain } from "./markdown.js";

/** Messages of one author that come within this many milliseconds of each other stand under one name. */
const TOGETHER = 7 * 60 * 1000;

/** So much of a message is told where it is only named. */
const SUMMARY = 120;

/** Discord's number of a text display. */
const TEXT = 10;

/** The team's server as the stream tells it, and what this browser remembers about it. */
export class Model {
  /** `memory` keeps what was read and dismissed: two stores of strings, as `localStorage` and `sessionStorage`. */
  constructor(memory) {
    this.memory = memory;
    this.state = null;
    this.commands = [];
    this.messages = new Map();
  }

  /** Takes the whole state. */
  take(state) {
    this.state = state;
    this.commands = commandsOf(state.commands);
    this.messages = new Map(state.messages.map((message) => [message.id, message]));
  }

  /** Takes a new or changed message; whether it is new. */
  put(message) {
    const isNew = !this.messages.has(message.id);
    this.messages.set(message.id, message);
    return isNew;
  }

  /** Forgets a message. */
  remove(id) {
    return this.messages.delete(id);
  }

  /** What is shown of a channel, oldest first. */
  shown(channel) {
    const dismissed = this.dismissed();
    return [...this.messages.values()]
      .filter((message) => message.channel === channel && !dismissed.includes(message.id))
      .sort((a, b) => a.at - b.at || compare(a.id, b.id));
  }

  /** Shows a private message no more. */
  dismiss(id) {
    this.memory.session.setItem("dismissed", JSON.stringify([...this.dismissed().slice(-200), id]));
  }

  dismissed() {
    return JSON.parse(this.memory.session.getItem("dismissed") ?? "[]");
  }

  /** What a person has begun to write in a channel: `{text}`, `{call, values}`, or nothing. */
  draft(who, channel) {
    return JSON.parse(this.memory.session.getItem(draftKey(who, channel)) ?? "{}");
  }

  /** Keeps it over a reload. */
  keepDraft(who, channel, draft) {
    this.memory.session.setItem(draftKey(who, channel), JSON.stringify(draft));
  }

  /** The person who is called so. */
  person(who) {
    return this.state.people.find((person) => person.who === who);
  }

  /** The roles that a person has. */
  rolesOf(person) {
    return person.roles.map((id) => this.state.roles.find((role) => role.id === id)).filter(Boolean);
  }

  /** Whether the message mentions this person, by name or by a role. */
  pings(message, person) {
    const { users = [], roles = [], everyone = false } = message.pings ?? {};
    return everyone || users.includes(person.id) || roles.some((role) => person.roles.includes(role));
  }

  /** How much of a channel a person hasn't seen: `{messages, mentions}`. */
  unread(person, channel) {
    const seen = Number(this.memory.local.getItem(seenKey(person.who, channel)) ?? 0);
    const unseen = [...this.messages.values()].filter(
      (message) => message.channel === channel && message.at > seen && message.author.id !== person.id,
    );
    const mine = unseen.filter((message) => !message.private || this.state.me === person.who);
    return { messages: mine.length, mentions: mine.filter((message) => this.pings(message, person)).length };
  }

  /** The person has seen all that the channel has. */
  see(who, channel) {
    const latest = Math.max(
      0,
      ...[...this.messages.values()]
        .filter((message) => message.channel === channel)
        .map((message) => message.at),
    );
    this.memory.local.setItem(seenKey(who, channel), String(latest));
  }

  /** The name of what an id in a message stands for, without its mark. */
  name(kind, id) {
    const { people, roles, channels, bot } = this.state;
    if (kind === "user") {
      return id === bot.id ? bot.name : people.find((person) => person.id === id)?.display_name;
    }
    return (kind === "role" ? roles : channels).find((found) => found.id === id)?.name;
  }

  /** What is shown for who or what is mentioned: `@Ada`, `#connect`. */
  mention(kind, id) {
    return `${kind === "channel" ? "#" : "@"}${this.name(kind, id) ?? `unknown-${kind}`}`;
  }

  /** What a message says, in a line for those who don't see it. */
  summary(message) {
    if (message.failed) return message.failed;
    const named = ({ type, id, name, href }) => {
      if (type === "command") return `/${name}`;
      return id ? this.mention(type, id) : (href ?? "…");
    };
    const words = plain(parse(textOf(message)), named).replaceAll(/\s+/g, " ").trim();
    return words.length > SUMMARY ? `${words.slice(0, SUMMARY)}…` : words;
  }
}

/** All that a message says but for its embeds: its content, and the texts that are laid out. */
function textOf({ content, components }) {
  const texts = (inner) =>
    inner.flatMap((each) => (each.type === TEXT ? [each.content] : texts(each.components ?? [])));
  return [content, ...texts(components)].join("\n");
}

function seenKey(who, channel) {
  return `seen ${who} ${channel}`;
}

function draftKey(who, channel) {
  return `draft ${who} ${channel}`;
}

// Ids are numbers of up to 20 digits.
function compare(a, b) {
  return a.length - b.length || (a < b ? -1 : Number(a > b));
}

/** Whether a message stands under the name of the one before it. */
export function continues(message, before) {
  if (!before || message.command || message.reply_to || before.command || message.private !== before.private)
    return false;
  return message.author.id === before.author.id && message.at - before.at < TOGETHER;
}

/** A name with what isn't seen, or turns the writing around, written out: `\u{202e}`. */
export function visible(name) {
  return name.replaceAll(
    /[\p{Cc}\p{Bidi_Control}\u{200b}\u{2028}\u{2029}\u{feff}]/gu,
    (mark) => `\\u{${mark.codePointAt(0).toString(16)}}`,
  );
}

/** A person's or program's one or two letters. */
export function initials(name) {
  const words = name
    .replaceAll(/[^\p{L}\p{N} ]/gu, "")
    .split(" ")
    .filter(Boolean);
  return (
    words
      .slice(0, 2)
      .map((word) => [...word][0].toUpperCase())
      .join("") || "?"
  );
}
