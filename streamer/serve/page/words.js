// Numbers, instants and durations as people read them. Instants are in UTC, as everywhere else.
const whole = new Intl.NumberFormat("en");
const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });

export const number = (value) => whole.format(value);
export const share = (value) => percent.format(value);
export const signed = (value) => (value > 0 ? `+${number(value)}` : value < 0 ? `−${number(-value)}` : "±0");
export const counted = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

export const instant = (iso) => iso.replace("T", " ").replace(/(:\d\d)?\.\d+Z$/, "");
export const exact = (iso) => iso.replace("T", " ").replace("Z", " UTC");
export const plain = (text) => text.replace(/(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d\.\d{3}Z/g, "$1 $2");

// A message as a sentence: problems are written to follow a colon.
export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.:]$/.test(text) ? "" : ".");

const UNITS = [
  [86400000, "d"],
  [3600000, "h"],
  [60000, "min"],
  [1000, "s"],
];

export function lasting(ms) {
  const parts = [];
  let rest = Math.max(0, ms);
  for (const [size, unit] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count) parts.push(`${number(count)} ${unit}`);
    if (parts.length === 2 || (parts.length && !count)) break;
  }
  return parts.join(" ") || "0 s";
}

export const between = (earlier, later) => lasting(Date.parse(later) - Date.parse(earlier));
export const latest = (asOf) => Object.values(asOf).sort().pop() || null;
export const kindName = (kind) => {
  const words = kind.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
};
export const tierOf = (membership) => membership.split(".")[1];
