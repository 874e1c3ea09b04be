// What a person may type: the commands that the bot registered, their options, and what a value must be.

/** Discord's numbers for the kinds of an option. */
export const KIND = { sub: 1, group: 2, string: 3, integer: 4, boolean: 5, number: 10 };

/**
 * The registered commands as they are listed, a subcommand each: `{name, id, call, description, options}`, where
 * `id` is the whole command's, as mentions have it, and `call` is what the server knows it by.
 */
export function commandsOf(registered) {
  return registered.filter((command) => (command.type ?? 1) === 1).flatMap((command) => under(command, "", command.id));
}

function under(command, before, id) {
  const name = `${before}${command.name}`;
  const options = command.options ?? [];
  const inner = options.filter((option) => option.type === KIND.sub || option.type === KIND.group);
  if (inner.length > 0) return inner.flatMap((option) => under(option, `${name} `, id));
  return [{ name, id, call: command.name, description: command.description, options: requiredFirst(options) }];
}

function requiredFirst(options) {
  return [...options.filter((option) => option.required), ...options.filter((option) => !option.required)];
}

/** The commands that `typed`, which begins with a slash, may become; those that begin so come first. */
export function matching(commands, typed) {
  const query = typed.slice(1).trim().toLowerCase();
  const rank = ({ name, call }) => {
    if (name.startsWith(query)) return 0;
    if (call.startsWith(query)) return 1;
    return name.includes(query) ? 2 : 3;
  };
  return commands
    .map((command) => ({ command, rank: rank(command) }))
    .filter((found) => found.rank < 3)
    .sort((a, b) => a.rank - b.rank)
    .map((found) => found.command);
}

/** The command that `typed` names in full, with a blank behind it, and the values that follow; else `null`. */
export function reading(commands, typed) {
  const command = commands.find(({ name }) => typed.toLowerCase().startsWith(`/${name} `));
  return command ? { command, values: valuesIn(command, typed.slice(command.name.length + 2)) } : null;
}

// `name:accounting2 reason:for the budget app`; what stands before the first name belongs to the first option.
function valuesIn(command, rest) {
  const values = {};
  let current = command.options[0]?.name;
  for (const word of rest.trim().split(/ +/)) {
    const [, name, begun] = /^(\w+):(.*)$/s.exec(word) ?? [];
    const isOption = command.options.some((option) => option.name === name);
    if (isOption) current = name;
    const piece = isOption ? begun : word;
    if (current === undefined || (piece === "" && !isOption)) continue;
    values[current] = values[current] ? `${values[current]} ${piece}` : piece;
  }
  return values;
}

/**
 * What is typed into an option's field, as `{option, text}` for each option that it is meant for, this one first: its
 * own name at the very start goes, and there or behind a blank the name of one of the `others` begins that one's text.
 */
export function parted(option, typed, others) {
  const own = `${option.name}:`;
  const text = typed.startsWith(own) ? typed.slice(own.length) : typed;
  const [next] = others
    .map((other) => ({ other, at: ` ${text}`.indexOf(` ${other.name}:`) }))
    .filter((found) => found.at >= 0)
    .sort((a, b) => a.at - b.at);
  if (!next) return [{ option, text }];
  const before = text.slice(0, next.at).trimEnd();
  const left = others.filter((other) => other !== next.other);
  // What has got nothing yet may still be named.
  if (before === "") left.push(option);
  return [{ option, text: before }, ...parted(next.other, text.slice(next.at), left)];
}

/** What may be chosen for an option, or `null` if anything can be typed. */
export function fixedChoices(option) {
  if (option.choices?.length > 0) return option.choices;
  if (option.type !== KIND.boolean) return null;
  return [
    { name: "True", value: true },
    { name: "False", value: false },
  ];
}

/** The choices whose name holds what was typed. */
export function choicesFor(choices, typed) {
  const query = typed.trim().toLowerCase();
  return choices.filter((choice) => choice.name.toLowerCase().includes(query));
}

/** The value of what was typed into an option, as `{value}` or, if it takes no such thing, `{problem}`. */
export function valueOf(option, typed) {
  const choices = fixedChoices(option);
  if (choices) {
    const word = typed.trim().toLowerCase();
    const choice =
      choices.find(({ name }) => name.toLowerCase() === word) ??
      choices.find(({ value }) => String(value).toLowerCase() === word);
    return choice ? { value: choice.value } : { problem: `${option.name} is one of those in the list.` };
  }
  if (option.type === KIND.integer || option.type === KIND.number) return number(option, typed.trim());
  return words(option, typed);
}

function number(option, typed) {
  const isWhole = option.type === KIND.integer;
  const shape = isWhole ? /^-?\d{1,15}$/ : /^-?\d+(\.\d+)?$/;
  if (!shape.test(typed)) return { problem: `${option.name} is a ${isWhole ? "whole " : ""}number.` };
  const value = Number(typed);
  if (value < (option.min_value ?? -Infinity))
    return { problem: `${option.name} is at least ${option.min_value}.` };
  if (value > (option.max_value ?? Infinity))
    return { problem: `${option.name} is at most ${option.max_value}.` };
  return { value };
}

function words(option, typed) {
  const value = typed.trim();
  if (value.length < (option.min_length ?? 0)) {
    return { problem: `${option.name} has at least ${count(option.min_length, "character")}.` };
  }
  if (value.length > (option.max_length ?? 6000)) {
    return { problem: `${option.name} has at most ${count(option.max_length ?? 6000, "character")}.` };
  }
  return { value };
}

/** A number with its noun: `1 group`, `2 groups`. */
export function count(amount, noun) {
  return `${amount} ${noun}${amount === 1 ? "" : "s"}`;
}
