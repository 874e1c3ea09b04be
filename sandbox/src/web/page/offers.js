// What an option may be: what it lists itself, or what the bot offers.

import { choicesFor, fixedChoices } from "./command.js";

/** How long after the last letter the bot is asked for suggestions, in milliseconds. */
const PAUSE = 250;

/** Shows in a list what fits the field that one is in. */
export class Offers {
  /** `ask` gets the field, and gives the bot's answer: `{choices}` or `{error}`; `take` gets the field and a choice. */
  constructor(suggest, { ask, take }) {
    this.suggest = suggest;
    this.bot = ask;
    this.take = take;
    this.turn = 0;
  }

  /** The field was gone to, or typed into: then the bot is asked after a pause. */
  async show(field, wasTyped) {
    this.turn += 1;
    const { turn } = this;
    const { option } = field;
    const fixed = fixedChoices(option);
    if (fixed) {
      this.list(field, choicesFor(fixed, field.chosen ? "" : field.text), "None of its values is called so.");
      return;
    }
    if (!option.autocomplete || (field.chosen && !wasTyped)) {
      this.suggest.hide();
      return;
    }
    if (this.suggest.input === field.input && this.suggest.isOpen) this.suggest.age();
    else this.list(field, [], "Loading options…");
    await new Promise((resolve) => setTimeout(resolve, wasTyped ? PAUSE : 0));
    if (turn !== this.turn) return;
    const answer = await this.bot(field);
    if (turn !== this.turn || document.activeElement !== field.input) return;
    this.list(field, answer.choices ?? [], answer.error ?? "Nothing to suggest.");
  }

  /** Shows nothing any more, nor what the bot is being asked for. */
  hide() {
    this.turn += 1;
    this.suggest.hide();
  }

  list(field, choices, status) {
    const items = choices.map((choice) => ({ name: choice.name, take: () => this.take(field, choice) }));
    this.suggest.show(field.input, `Values for ${field.option.name}`, items, status);
  }
}
