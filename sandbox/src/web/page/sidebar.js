// The channels, and the people one may be.

import { byId, h } from "./dom.js";
import { icon } from "./icons.js";
import { avatar } from "./message.js";

/** The list of channels and that of people. */
export class Sidebar {
  constructor(page) {
    this.page = page;
  }

  /** Draws both lists. */
  draw() {
    const { model } = this.page;
    // A list that is drawn anew takes the focus away with it.
    const held = document.activeElement?.closest?.("#channels a, #people a")?.dataset.key;
    byId("channels").replaceChildren(...model.state.channels.map((channel) => this.channel(channel)));
    byId("people").replaceChildren(...model.state.people.map((person) => this.person(person)));
    if (held) document.querySelector(`[data-key="${CSS.escape(held)}"]`)?.focus();
  }

  channel(channel) {
    const { page } = this;
    const isOpen = channel.id === page.channel;
    const { messages, mentions } = page.model.unread(page.model.person(page.who), channel.id);
    const isUnread = !isOpen && messages > 0;
    return h(
      "li",
      {},
      h(
        "a",
        {
          class: isUnread ? "channel-link channel-unread" : "channel-link",
          href: page.address({ channel: channel.id }),
          "aria-current": isOpen ? "page" : null,
          "data-key": channel.id,
          "data-testid": "channel",
          "data-name": channel.name,
          "data-unread": isUnread ? "true" : null,
          on: { click: (event) => this.take(event, { channel: channel.id }) },
        },
        icon("hash"),
        h("span", { class: "channel-name", text: channel.name }),
        isUnread && mentions === 0 && h("span", { class: "unseen", text: " (unread)" }),
        isUnread && mentions > 0 && badge(mentions),
      ),
    );
  }

  person(person) {
    const { page } = this;
    const isMe = person.who === page.who;
    const mentions = page.model.state.channels
      .map((channel) => (isMe ? 0 : page.model.unread(person, channel.id).mentions))
      .reduce((sum, each) => sum + each, 0);
    const roles = page.model.rolesOf(person).map((role) => role.name);
    return h(
      "li",
      { class: "person-row" },
      h(
        "a",
        {
          class: "person",
          href: page.address({ who: person.who }),
          "aria-current": isMe ? "true" : null,
          "data-key": person.who,
          "data-testid": "person",
          "data-who": person.who,
          on: { click: (event) => this.take(event, { who: person.who }) },
        },
        avatar({ id: person.id, name: person.display_name }),
        h(
          "span",
          { class: "person-words" },
          h(
            "span",
            { class: "person-line" },
            h("span", { class: "person-name", text: person.display_name }),
            mentions > 0 && badge(mentions),
          ),
          h(
            "span",
            { class: "roles" },
            roles.length > 0
              ? roles.map((name) =>
                  h("span", { class: /admin/i.test(name) ? "role role-admin" : "role", text: name }),
                )
              : h("span", { class: "role role-none", text: "no role" }),
          ),
        ),
      ),
      h(
        "a",
        {
          class: "tool person-tab",
          href: page.address({ who: person.who }),
          target: "_blank",
          "aria-label": `Be ${person.display_name} in a new tab`,
          title: `Be ${person.display_name} in a new tab`,
        },
        icon("tab"),
      ),
    );
  }

  take(event, where) {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this.page.go(where);
  }
}

function badge(mentions) {
  return h(
    "span",
    { class: "badge", "data-testid": "mentions" },
    String(mentions),
    h("span", { class: "unseen", text: mentions === 1 ? " mention" : " mentions" }),
  );
}
