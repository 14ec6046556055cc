// Numbers in words as `perflab.units.in_words` writes them; units and steps come with each scale.
const MINUS = "\u2212";

// Half to even on the decimal digits, as Python rounds.
const toDigits = (size, count) => {
  const [mantissa, power] = size.toExponential(60).split("e");
  const all = mantissa.replace(".", "");
  const kept = Math.max(count, 0);
  const rest = all.slice(kept);
  const half = "5".padEnd(rest.length, "0");
  let whole = count < 0 ? 0n : BigInt(all.slice(0, kept) || "0");
  if (count >= 0 && (rest > half || (rest === half && whole % 2n === 1n))) whole += 1n;
  return Number(`${whole}e${Number(power) - count + 1}`);
};

const toPlaces = (size, places) => {
  const power = Number(size.toExponential(60).split("e")[1]);
  return toDigits(size, places + power + 1);
};

const grouped = (text) => text.replace(/^\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));

const rounded = (number) => {
  if (Number.isNaN(number)) return "n/a";
  const sign = number < 0 ? MINUS : "";
  const size = Math.abs(number);
  if (size >= 1e18) return `${sign}${size === Infinity ? "∞" : "over 10^18"}`;
  if (size >= 999.5) return sign + grouped(String(BigInt(toPlaces(size, 0))));
  if (size < 1e-6) return "0";
  return sign + String(size >= 1e-4 ? toDigits(size, 3) : toPlaces(size, 6));
};

const percent = (share) => {
  const sign = share < 0 ? MINUS : "";
  const size = Math.abs(share) * 100;
  const [less, more] = sign ? [">", "<"] : ["<", ">"];
  if (size < 1e-12) return "0 %";
  if (size < 0.005) return `${less} ${sign}0.01 %`;
  if (size >= 99.95 && size < 100 * (1 - 1e-12)) return `${more} ${sign}99.9 %`;
  // Rounded once; what lies behind nine digits is the noise of 100 times a share.
  return `${sign}${rounded(toPlaces(size, size < 1 ? 2 : 9))} %`;
};

const measured = (value, steps) => {
  const least = steps[steps.length - 1][0];
  if (value === 0) return `0 ${least}`;
  const sign = value < 0 ? MINUS : "";
  const size = Math.abs(value);
  let place = steps.findIndex((step) => size >= step[1] * 0.9995);
  if (place < 0) return `${sign ? ">" : "<"} ${sign}1 ${least}`;
  if (place > 0 && size / steps[place][1] >= 999.5) place -= 1;
  const [suffix, factor] = steps[place];
  if (["d", "h", "min"].includes(suffix) && size < 100 * 86400) {
    const [part, of] = steps[place + 1];
    const all = toPlaces(size / of, 0);
    const [whole, rest] = [Math.floor(all / (factor / of)), all % (factor / of)];
    return `${sign}${whole} ${suffix}${rest ? ` ${rest} ${part}` : ""}`;
  }
  return `${sign}${rounded(size / factor)} ${suffix}`;
};

const rate = (value, steps) => {
  const step = steps.find((each) => Math.abs(value) >= each[1] * 0.9995) ?? steps[steps.length - 1];
  return rounded(value / step[1]) + step[0];
};

const count = (value) => {
  if (!Number.isInteger(value) || Math.abs(value) >= 1e18) return rounded(value);
  return (value < 0 ? MINUS : "") + grouped(String(Math.abs(value)));
};

const WAYS = { percent, measured, rate, rounded, count };

const inWords = (value, notation) => (
  Number.isFinite(value) ? WAYS[notation.kind](value, notation.steps) + notation.after : rounded(value)
);
