// Where values lie in a picture, and what stands at a place; lengths are its CSS pixels.

const numberOf = value => (value === null ? NaN : Number(value));

const shareOf = (scale, value) => {
  const [low, high, at] = scale.kind === 'log'
    ? [scale.low, scale.high, value].map(Math.log) : [scale.low, scale.high, value];
  return (at - low) / (high - low);
};

const valueAt = (scale, share) => {
  if (scale.kind !== 'log') return scale.low + share * (scale.high - scale.low);
  return scale.low * (scale.high / scale.low) ** share;
};

const clamped = (value, low, high) => Math.min(Math.max(value, low), high);

const acrossOf = (plot, value) => plot.box.left + shareOf(plot.x, value) * plot.box.width;
const downOf = (plot, value) => plot.box.top + (1 - shareOf(plot.y, value)) * plot.box.height;
// Nothing is drawn off the axes: on a logarithmic one, 0 has no place but their lower edge.
const heightOf = (plot, down) => clamped(down, plot.box.top, bottomOf(plot));
const rightOf = plot => plot.box.left + plot.box.width;
const bottomOf = plot => plot.box.top + plot.box.height;
const valueOfX = (plot, at) => valueAt(plot.x, (at - plot.box.left) / plot.box.width);
const valueOfY = (plot, at) => valueAt(plot.y, (bottomOf(plot) - at) / plot.box.height);

// The first place of a rising list whose value is not below one.
const firstFrom = (list, value) => {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] < value) low = middle + 1; else high = middle;
  }
  return low;
};

const nearest = (list, value) => {
  const after = firstFrom(list, value);
  if (after === 0) return 0;
  if (after === list.length) return after - 1;
  return value - list[after - 1] < list[after] - value ? after - 1 : after;
};

// A picture whose curves also have their points' pixels, so that a read-out only looks them up.
const readied = picture => {
  for (const plot of picture.plots ?? []) {
    for (const curve of plot.curves) {
      curve.places = curve.x.map(value => acrossOf(plot, numberOf(value)));
      curve.heights = curve.y.map(value => downOf(plot, numberOf(value)));
    }
  }
  return picture;
};

// What is drawn of a curve at a place, or at its nearest end where `ends`; null where nothing is.
const readAt = (plot, curve, at, ends) => {
  const { places, heights } = curve;
  const last = places.length - 1;
  if (last < 0 || (!ends && (at < places[0] - 1 || at > places[last] + 1))) return null;
  const after = firstFrom(places, at);
  const here = clamped(after, 0, last);
  if (after === 0 || after > last || places[here] === at) {
    const value = numberOf(curve.y[here]);
    return Number.isFinite(value) ? { value, height: heights[here], after: here, share: 1 } : null;
  }
  const share = (at - places[after - 1]) / (places[after] - places[after - 1]);
  const height = heights[after - 1] + share * (heights[after] - heights[after - 1]);
  if (!Number.isFinite(height)) return null;
  return { value: valueOfY(plot, height), height, after, share };
};

// How far a place is from what is drawn of a curve, at most `around`.
const awayFrom = (curve, { x, y }, around) => {
  const { places, heights } = curve;
  let least = around;
  const last = Math.min(firstFrom(places, x + around), places.length - 1);
  for (let at = Math.max(firstFrom(places, x - around), 1); at <= last; at += 1) {
    const [left, top] = [places[at - 1], heights[at - 1]];
    const [wide, high] = [places[at] - left, heights[at] - top];
    const along = ((x - left) * wide + (y - top) * high) / (wide * wide + high * high || 1);
    const share = clamped(along, 0, 1);
    const away = Math.hypot(left + share * wide - x, top + share * high - y);
    if (away < least) least = away;
  }
  return least;
};

// The curve at a place, where it stands for another value than the present one; null for none.
const choiceAt = (plot, at, around) => {
  let [found, least] = [null, around];
  for (const curve of plot.lines ? plot.curves : []) {
    const away = awayFrom(curve, at, around);
    if (away < least || (away === least && away < around && curve.present)) {
      [found, least] = [curve, away];
    }
  }
  return found && !found.present && found.choice ? found : null;
};

// What happened near a place, the nearest first, of which a read-out has room for some.
const eventsAt = (plot, x, around, most) => (plot.events ?? [])
  .map(event => ({ ...event, away: Math.abs(acrossOf(plot, event.x) - x) }))
  .filter(event => event.away <= around)
  .sort((one, other) => one.away - other.away).slice(0, most);

// Half the width of a curve's band where it was read; null where it has none.
const bandAt = (curve, read) => {
  if (!curve.low) return null;
  const between = edge => {
    const [before, after] = [read.after - 1, read.after].map(at => numberOf(edge[Math.max(at, 0)]));
    return read.share === 1 ? after : before + read.share * (after - before);
  };
  const half = (between(curve.high) - between(curve.low)) / 2;
  return half > 0 ? half : null;
};

const plotAt = (picture, x, y, around = 8) => (picture.plots ?? []).find(({ box }) => (
  x >= box.left - around && x <= box.left + box.width + around
  && y >= box.top - around && y <= box.top + box.height + around));

// Where a value stands among a map's columns or rows: between two it is between their middles.
const placeAmong = (steps, value, log) => {
  const same = steps.find(step => step.value === value);
  const known = steps.filter(step => typeof step.value === 'number');
  if (same || typeof value !== 'number' || !known.length) return (same ?? steps.at(-1)).place;
  const on = log ? number => Math.log(Math.max(number, 1e-12)) : number => number;
  const after = firstFrom(known.map(step => on(step.value)), on(value));
  if (after === 0 || after === known.length) return known[Math.min(after, known.length - 1)].place;
  const [before, next] = [known[after - 1], known[after]];
  const share = (on(value) - on(before.value)) / (on(next.value) - on(before.value));
  return before.place + share * (next.place - before.place);
};

// The stop of a slider that is nearest to a map's column or row.
const stopOf = (stops, value, log) => {
  const same = stops.find(stop => stop.value === value);
  const known = stops.filter(stop => typeof stop.value === 'number');
  if (same || typeof value !== 'number' || !known.length) return same ?? stops[0];
  const on = log ? number => Math.log(Math.max(number, 1e-12)) : number => number;
  return known[nearest(known.map(stop => on(stop.value)), on(value))];
};

const wordsOf = (step, axis) => (
  typeof step.value === 'number' ? inWords(step.value, axis.words) : step.text);

const cellAt = (plot, x, y) => {
  const column = nearest(plot.cells.columns.map(each => each.place), valueOfX(plot, x));
  const row = nearest(plot.cells.rows.map(each => each.place), valueOfY(plot, y));
  return { column, row };
};
