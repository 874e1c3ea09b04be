// How long until or since a moment, as Discord says it.

const UNITS = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** So much of a unit counts as one: what was set to 3 days is in 3 days a moment later, too. */
const ALMOST = 11 / 12;

/** What is so many milliseconds ahead, or behind if they are fewer than none: `in 3 days`. */
export function fromNow(milliseconds, locale) {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds === 0) return "now";
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= ALMOST * length);
  return new Intl.RelativeTimeFormat(locale).format(Math.round(seconds / length), unit);
}
