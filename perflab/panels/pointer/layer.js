// The layer over a picture: it draws, and moves the dot of the present settings.
//
// The dot follows pointer and keys at once, from the numbers that came with the picture; what it is
// moved to is told to the kernel, of which at most one such message is pending. Where it stands is
// held here until the kernel's own dot is there, or it refuses.

const BEYOND = 4;
const PATIENCE = 4000;
const JUST_NOW = 1000;

class Layer extends Drawing {
  constructor(model, el) {
    super(model, el);
    // Where the keys began, to which Escape leads back.
    this.base = null;
    // The setting one of whose lines a click has chosen, and when.
    this.chose = null;
    this.ending = new AbortController();
    for (const [type, act] of [
      ['pointerenter', () => this.hovered(true)], ['pointerleave', () => this.hovered(false)],
      ['pointermove', event => this.move(event)], ['pointerdown', event => this.press(event)],
      ['pointerup', event => this.release(event)], ['pointercancel', () => this.cancel()],
      ['dblclick', event => this.reset(this.plotOf(event), true)],
      ['keydown', event => this.key(event)], ['focusin', () => { this.base = null; }],
    ]) el.addEventListener(type, act, { signal: this.ending.signal });
    this.heard = {
      'change:picture': () => this.later(true), 'change:idle': () => this.later(true),
      'change:spots': () => this.later(), 'change:present': () => this.later(),
      'change:refused': () => this.letGo(),
    };
    for (const [type, act] of Object.entries(this.heard)) model.on(type, act);
    this.take();
    this.tell({ ready: true });
  }

  end() {
    for (const [type, act] of Object.entries(this.heard)) this.model.off(type, act);
    this.ending.abort();
    clearTimeout(this.waiting);
    clearTimeout(this.telling);
    cancelAnimationFrame(this.coming);
    super.end();
  }

  // One message of the kernel changes several values: all are drawn once, in the frame to come.
  later(anew = false) {
    this.anew ||= anew;
    this.coming ??= requestAnimationFrame(() => {
      const all = this.anew;
      this.coming = null;
      this.anew = false;
      if (all) this.take(); else this.settle();
    });
  }

  letGo() {
    if (!this.dragged) this.held.clear();
    this.paint();
  }

  hovered(is) {
    if (this.model.get('hovered') !== is) this.tell({ hovered: is });
    if (!is) this.leave();
  }

  plotOf(event) {
    const place = this.handles.indexOf(event.target);
    if (place >= 0) return this.picture.plots[place];
    const { x, y } = this.point(event);
    return plotAt(this.picture, x, y);
  }

  values(plot) {
    return this.keysOf(plot).map(key => [key, this.present(key)]).filter(([, stop]) => stop);
  }

  // Hold the dot at some stops, at once, and let the kernel know; return whether it moved.
  want(stops) {
    const moved = stops.filter(([key, stop]) => this.present(key)?.value !== stop.value);
    if (!moved.length) return false;
    for (const [key, stop] of moved) this.held.set(key, stop);
    this.paint();
    // All that is held: a message that waits is replaced by the next.
    const held = [...this.held].map(([key, stop]) => [key, stop.value]);
    this.send({ values: Object.fromEntries(held) });
    return true;
  }

  reset(plot, line = false) {
    const keys = plot ? this.keysOf(plot) : [];
    if (!keys.length) return;
    // The clicks of a double click may have chosen a line.
    const chose = line && performance.now() - this.chose?.at < JUST_NOW ? this.chose.key : '';
    if (chose && chose === plot.lines) keys.push(chose);
    this.base = null;
    for (const key of keys) this.held.delete(key);
    this.send({ reset: keys });
    this.paint();
  }

  send(wanted) {
    const turn = (this.model.get('wanted').turn ?? 0) + 1;
    this.model.set('wanted', { turn, ...wanted });
    // The page paints what was moved before the message takes its time.
    this.telling ??= setTimeout(() => {
      this.telling = null;
      this.model.save_changes();
    });
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.letGo(), PATIENCE);
  }

  stopsAt(plot, at) {
    const keys = this.keysOf(plot);
    if (plot.cells) {
      const { column, row } = cellAt(plot, at.x, at.y);
      const cell = { [plot.x.key]: plot.cells.columns[column], [plot.y.key]: plot.cells.rows[row] };
      return keys.map(key => {
        const { stops, log } = this.handle(key);
        return [key, stopOf(stops, cell[key].value, log)];
      });
    }
    return keys.map(key => [key, this.stopNear(plot, this.handle(key).stops, at.x)]);
  }

  // What a click at a place sets: the dot's settings, and the one whose line is there.
  stopsOfClick(plot, at) {
    const line = this.choiceAt(plot, at);
    if (line) this.chose = { key: plot.lines, at: performance.now() };
    const { stops } = line ? this.handle(plot.lines) : {};
    const stop = stops?.find(({ value }) => value === line.choice.value) ?? line?.choice;
    return [...this.stopsAt(plot, at), ...(stop ? [[plot.lines, stop]] : [])];
  }

  stopNear(plot, stops, x) {
    const { low, high } = plot.x;
    const off = stops.find(stop => stop.value === null);
    if (off && x > rightOf(plot) + BEYOND) return off;
    const near = stops.filter(({ value }) => value !== null && value >= low && value <= high);
    if (!near.length) return off ?? stops[0];
    return near[nearest(near.map(({ value }) => acrossOf(plot, value)), x)];
  }

  press(event) {
    if (event.button !== 0) return;
    const at = this.point(event);
    const plot = plotAt(this.picture, at.x, at.y);
    if (!plot || !this.keysOf(plot).length) return;
    const now = this.dot(plot);
    const near = now !== null && Math.hypot(now.x - at.x, now.y - at.y) <= 2 * NEAR;
    // A finger that is put down elsewhere may be about to scroll.
    if (event.pointerType === 'touch' && !near) return;
    event.preventDefault();
    this.handles[this.picture.plots.indexOf(plot)].focus({ preventScroll: true });
    this.base = null;
    const line = this.present(plot.lines);
    const base = [...this.values(plot), ...(line ? [[plot.lines, line]] : [])];
    this.dragged = { plot, base, from: near ? at : null };
    this.el.setPointerCapture?.(event.pointerId);
    if (!near) this.want(this.stopsOfClick(plot, at));
  }

  // Move the dot to where the pointer is; return whether it moved.
  drag(at) {
    const { from } = this.dragged;
    // A press on the dot that does not move leaves a value between two stops as it is.
    if (from && Math.hypot(at.x - from.x, at.y - from.y) < 2) return false;
    this.dragged.from = null;
    // The picture may have come anew, with the same plots.
    this.dragged.plot = this.picture.plots.find(
      plot => plot.x.key === this.dragged.plot.x.key && plot.title === this.dragged.plot.title,
    ) ?? this.dragged.plot;
    return this.want(this.stopsAt(this.dragged.plot, at));
  }

  move(event) {
    const at = this.point(event);
    this.hover = at;
    // What is drawn anew is read anew with it.
    if (!this.dragged || !this.drag(at)) this.read(at);
  }

  release(event) {
    const at = this.point(event);
    if (this.dragged) {
      this.dragged = null;
      if (this.model.get('refused') === this.model.get('wanted').turn) this.held.clear();
      this.settle();
    } else if (event.pointerType === 'touch') {
      const plot = plotAt(this.picture, at.x, at.y);
      if (plot) this.want(this.stopsOfClick(plot, at));
    }
    this.read(at);
  }

  cancel() {
    if (!this.dragged) return;
    const { base } = this.dragged;
    this.dragged = null;
    this.want(base);
  }

  key(event) {
    const plot = this.picture.plots[this.handles.indexOf(event.target)];
    if (!plot || event.ctrlKey || event.metaKey || event.altKey) return;
    const [x, y] = plot.cells ? [plot.x.key, plot.y.key] : [plot.x.key, plot.x.key];
    const steps = {
      ArrowRight: [x, 1], ArrowLeft: [x, -1], ArrowUp: [y, 1], ArrowDown: [y, -1],
      PageUp: [x, 10], PageDown: [x, -10], Home: [x, -Infinity], End: [x, Infinity],
    };
    if (steps[event.key]) this.step(plot, ...steps[event.key]);
    else if (event.key === 'Enter') this.base = null;
    else if (event.key === 'Escape') this.goBack();
    else if (event.key === 'Delete' || event.key === 'Backspace') this.reset(plot);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  goBack() {
    if (this.dragged) this.cancel();
    else if (this.base) this.want(this.base);
    this.base = null;
  }

  step(plot, key, by) {
    if (!this.keysOf(plot).includes(key)) return;
    this.base ??= this.values(plot);
    const { stops } = this.handle(key);
    const place = this.placeOf(stops, this.present(key)?.value);
    // From between two stops, one step leads to the next of them.
    const next = (by > 0 ? Math.floor(place) : Math.ceil(place)) + by;
    this.want([[key, stops[clamped(next, 0, stops.length - 1)]]]);
    this.readDot(plot);
  }

  // What the keys have moved is read out where it stands.
  readDot(plot) {
    const now = this.dot(plot);
    if (!now) return;
    const box = this.svg.getBoundingClientRect();
    const clientX = box.left + now.x / this.picture.width * box.width;
    const clientY = box.top + now.y / this.picture.height * box.height;
    this.read({ x: now.x, y: now.y, clientX, clientY });
  }
}

export default {
  render({ model, el }) {
    const layer = new Layer(model, el);
    return () => layer.end();
  },
};
