// Drawings that answer the pointer: a line at its place, and the values of each curve in words.
const pictures = JSON.parse(document.getElementById("pictures").textContent);

const element = (name, parent, attributes = {}) => {
  const made = name === "line" || name === "circle"
    ? document.createElementNS(parent.namespaceURI, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent.append(made);
  return made;
};

const shareOf = (scale, value) => (scale.kind === "log"
  ? Math.log(value / scale.low) / Math.log(scale.high / scale.low)
  : (value - scale.low) / (scale.high - scale.low));
const valueAt = (scale, share) => (scale.kind === "log"
  ? scale.low * (scale.high / scale.low) ** share
  : scale.low + share * (scale.high - scale.low));
// How near to a marked point the pointer must be to read it, in pixels of the drawing.
const NEAR = 14;
const numberOf = (value) => (value === null ? NaN : Number(value));

// What is drawn of a curve at a value of its axis: between two points on the line between them.
const readAt = (plot, curve, x) => {
  const xs = curve.x.map(numberOf);
  const after = xs.findIndex((value) => value >= x * (1 - 1e-9));
  if (after < 0 || (after === 0 && xs[0] > x * (1 + 1e-9))) return NaN;
  const here = numberOf(curve.y[after]);
  if (after === 0 || Math.abs(xs[after] - x) <= Math.abs(x) * 1e-9) return here;
  const [left, right] = [shareOf(plot.x, xs[after - 1]), shareOf(plot.x, xs[after])];
  const share = (shareOf(plot.x, x) - left) / (right - left);
  const [low, high] = [shareOf(plot.y, numberOf(curve.y[after - 1])), shareOf(plot.y, here)];
  return valueAt(plot.y, low + share * (high - low));
};

class Drawing {
  constructor(figure) {
    this.figure = figure;
    this.picture = pictures[figure.dataset.picture];
    this.plot = this.picture.plots[0];
    this.whole = this.plot.curves.every((curve) => curve.x.every(Number.isInteger));
    this.svg = figure.querySelector("svg");
    this.unit = this.svg.viewBox.baseVal.width / this.picture.width;
    this.line = element("line", this.svg, { class: "pointer", visibility: "hidden" });
    this.dot = element("circle", this.svg, { class: "moved", r: 5 * this.unit, visibility: "hidden" });
    this.text = element("p", figure, { class: "reading", "aria-hidden": "true" });
    this.text.textContent = "\u00a0";
    this.svg.addEventListener("pointermove", (event) => this.point(event));
    this.svg.addEventListener("pointerdown", (event) => this.point(event));
    this.svg.addEventListener("pointerleave", () => this.leave());
  }

  get present() {
    return this.plot.curves.find((curve) => curve.present) ?? this.plot.curves[0];
  }

  // The place of a value of the horizontal axis in the units of the drawing.
  across(x) {
    const { left, width } = this.plot.box;
    return (left + Math.min(Math.max(shareOf(this.plot.x, x), 0), 1) * width) * this.unit;
  }

  up(y) {
    const { top, height } = this.plot.box;
    return (top + (1 - shareOf(this.plot.y, y)) * height) * this.unit;
  }

  point(event) {
    const box = this.svg.getBoundingClientRect();
    const { left, width, top, height } = this.plot.box;
    const scale = this.picture.width / box.width;
    const [x, y] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    if (x < left - 4 || x > left + width + 4 || y < top || y > top + height) return this.leave();
    const across = valueAt(this.plot.x, Math.min(Math.max((x - left) / width, 0), 1));
    this.show(across, valueAt(this.plot.y, 1 - (y - top) / height));
  }

  // The marked points near a place, by name: what was measured, refitted, recommended.
  marks(x, y) {
    const { x: across, y: up, box, spots } = this.plot;
    const near = spots.filter((spot) => Math.hypot(
      (shareOf(across, spot.x) - shareOf(across, x)) * box.width,
      (shareOf(up, spot.y) - shareOf(up, y)) * box.height,
    ) <= NEAR);
    return near.map((spot) => `; ${spot.name} ${inWords(spot.y, up.words)}`).join("");
  }

  show(x, y) {
    const { top, height } = this.plot.box;
    const at = this.across(x);
    for (const [key, value] of Object.entries({
      x1: at, x2: at, y1: top * this.unit, y2: (top + height) * this.unit, visibility: "visible",
    })) this.line.setAttribute(key, value);
    this.text.textContent = this.words(x) + this.marks(x, y);
  }

  // Where a drawing is wider than the page, scroll it so that a share of its width is in the middle.
  reveal(share) {
    const { scrollWidth, clientWidth } = this.svg.parentElement;
    if (scrollWidth > clientWidth) {
      this.svg.parentElement.scrollLeft = share * scrollWidth - clientWidth / 2;
    }
  }

  leave() {
    this.line.setAttribute("visibility", "hidden");
    this.text.textContent = this.resting ?? "\u00a0";
  }

  words(x) {
    const { x: across, y: up, curves } = this.plot;
    const shown = this.whole ? Math.round(x) : x;
    const values = curves
      .map((curve) => [curve.name, readAt(this.plot, curve, x)])
      .filter(([, value]) => Number.isFinite(value))
      .map(([name, value]) => `${curves.length > 1 ? `${name} ` : ""}${inWords(value, up.words)}`);
    const place = `${across.name} ${inWords(shown, across.words)}`;
    return `${place}: ${values.length ? values.join(", ") : "no value"}`;
  }

  // Move the point of the settings, and let its values stand while the pointer is elsewhere.
  move(x) {
    const y = readAt(this.plot, this.present, x);
    const known = Number.isFinite(y);
    this.dot.setAttribute("visibility", known ? "visible" : "hidden");
    if (known) {
      this.dot.setAttribute("cx", this.across(x));
      this.dot.setAttribute("cy", this.up(y));
      this.reveal(this.across(x) / this.unit / this.picture.width);
    }
    this.resting = this.words(x);
    this.text.textContent = this.resting;
    return known ? inWords(y, this.plot.y.words) : "n/a";
  }
}

// A map: the settings and the value of the cell at the pointer.
class MapDrawing extends Drawing {
  show(x, y) {
    const { columns, rows, values, name, words } = this.plot.cells;
    const nearest = (steps, at) => steps.reduce((best, step) => (
      Math.abs(step.place - at) < Math.abs(best.place - at) ? step : best));
    const [column, row] = [nearest(columns, x), nearest(rows, y)];
    const value = numberOf(values[rows.indexOf(row)][columns.indexOf(column)]);
    const said = Number.isFinite(value) ? `${name} ${inWords(value, words)}` : "no value";
    this.text.textContent = `${this.plot.x.name} ${column.text}, ${this.plot.y.name} ${row.text}: ${said}`;
  }
}

const drawings = [...document.querySelectorAll("figure[data-picture]")]
  .map((figure) => [figure, pictures[figure.dataset.picture]?.plots[0]])
  .filter(([, plot]) => plot && (plot.curves.length || plot.cells))
  .map(([figure, plot]) => (plot.cells ? new MapDrawing(figure) : new Drawing(figure)));
