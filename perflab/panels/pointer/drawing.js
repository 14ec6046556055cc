// What the layer draws over a picture: the moving dots, and a cross hair with what it reads.
//
// `held` has, by setting, the stops that the dot was moved to and the kernel has not reached yet.

const MOVING = ['now', 'measured', 'refitted'];
const NEAR = 9;
const SHORTEST = 12;
const ON_LINE = 6;
const MOST_EVENTS = 4;

class Drawing {
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.held = new Map();
    this.heights = new Map();
    this.handles = [];
    this.dragged = null;
    this.hover = null;
    el.classList.add('perflab-pointer');
    this.svg = make(el, 'svg', { preserveAspectRatio: 'none', 'aria-hidden': 'true' });
    [this.under, this.cross, this.over] = [1, 2, 3].map(() => new Shapes(this.svg));
    this.readOut = new ReadOut();
    this.sizes = new ResizeObserver(() => this.fit());
    this.attach();
  }

  // The page puts the layer beside its picture only after it was made.
  attach() {
    if (this.ended) return;
    this.image = this.el.parentElement?.querySelector('img');
    if (!this.image) {
      requestAnimationFrame(() => this.attach());
      return;
    }
    this.sizes.observe(this.image);
  }

  end() {
    this.ended = true;
    this.sizes.disconnect();
    this.readOut.end();
  }

  tell(values) {
    for (const [name, value] of Object.entries(values)) this.model.set(name, value);
    this.model.save_changes();
  }

  // The layer lies where its picture does, however that is laid out.
  fit() {
    const { offsetLeft, offsetTop, offsetWidth, offsetHeight } = this.image;
    const box = { left: offsetLeft, top: offsetTop, width: offsetWidth, height: offsetHeight };
    for (const [side, pixels] of Object.entries(box)) this.el.style[side] = `${pixels}px`;
  }

  take() {
    this.picture = readied(structuredClone(this.model.get('picture')));
    const { width = 1, height = 1 } = this.picture;
    this.svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.fitHandles();
    this.settle();
  }

  // Let go what the kernel's own dot has reached by now, and draw.
  settle() {
    const present = this.model.get('present');
    for (const [key, stop] of this.held) {
      if (!this.dragged && present[key]?.value === stop.value) this.held.delete(key);
    }
    this.paint();
  }

  keysOf(plot) {
    const idle = this.model.get('idle');
    const handles = this.model.get('handles');
    const keys = plot.cells ? [plot.x.key, plot.y.key] : [plot.x.key];
    return keys.filter(key => handles[key] && !idle.includes(key));
  }

  // The curve at a place that a click there chooses; null where it cannot.
  choiceAt(plot, at) {
    const usable = this.model.get('handles')[plot.lines] && !this.model.get('idle').includes(plot.lines);
    return usable ? choiceAt(plot, at, ON_LINE) : null;
  }

  handle(key) {
    return this.model.get('handles')[key];
  }

  present(key) {
    return this.held.get(key) ?? this.model.get('present')[key];
  }

  fitHandles() {
    const plots = this.picture.plots ?? [];
    // One that has the focus keeps it while its picture is away for a moment.
    if (!plots.length && this.handles.includes(document.activeElement)) return;
    while (this.handles.length > plots.length) this.handles.pop().remove();
    plots.forEach((plot, place) => {
      const handle = this.handles[place] ?? this.newHandle(place);
      const keys = this.keysOf(plot);
      const names = [plot.x, plot.y].filter(axis => keys.includes(axis.key)).map(axis => axis.name);
      handle.setAttribute('aria-label', `${names.join(' and ')}, in ${plot.title}`);
    });
  }

  newHandle(place) {
    const handle = document.createElement('div');
    handle.className = 'perflab-handle';
    handle.tabIndex = 0;
    handle.dataset.lmSuppressShortcuts = 'true';
    handle.setAttribute('role', 'slider');
    handle.setAttribute('aria-description',
      'Arrow keys move it, Enter keeps it, Escape takes it back, Delete resets it');
    handle.addEventListener('blur', () => this.leave());
    this.el.append(handle);
    this.handles[place] = handle;
    return handle;
  }

  // --- What is drawn.

  // Where the present dot stands, and what it reads there; null where nothing is known.
  dot(plot) {
    const spots = this.model.get('spots')[this.picture.plots.indexOf(plot)] ?? [];
    const spot = spots.find(each => each.kind === 'now');
    const held = [plot.x.key, plot.y.key, plot.lines].some(key => this.held.has(key));
    if (!held) {
      return spot
        ? { ...spot, x: acrossOf(plot, spot.x), y: heightOf(plot, downOf(plot, spot.y)) }
        : null;
    }
    if (plot.cells) return this.dotOnMap(plot, spot);
    const stop = this.held.get(plot.x.key) ?? (spot && { value: spot.x });
    if (!stop) return null;
    const { low, high } = plot.x;
    const x = stop.value === null ? rightOf(plot) : acrossOf(plot, clamped(stop.value, low, high));
    const line = this.held.get(plot.lines);
    const isPresent = each => (line ? each.choice?.value === line.value : each.present);
    const curve = plot.curves.find(isPresent) ?? plot.curves[0];
    const read = curve && readAt(plot, curve, x, true);
    // While curves are computed it moves without a reading, at the height that it had.
    if (!read) return { x, y: this.heights.get(plot.title) ?? bottomOf(plot), text: '' };
    const y = heightOf(plot, read.height);
    return { x, y, text: inWords(read.value, plot.y.words), corner: spot?.corner };
  }

  dotOnMap(plot, spot) {
    const { columns, rows, values, words } = plot.cells;
    const of = (key, steps, before) => {
      const stop = this.held.get(key);
      return stop ? placeAmong(steps, stop.value, this.handle(key).log) : before;
    };
    const x = of(plot.x.key, columns, spot?.x);
    const y = of(plot.y.key, rows, spot?.y);
    if (x === undefined || y === undefined) return null;
    const at = { x: acrossOf(plot, x), y: downOf(plot, y) };
    const { column, row } = cellAt(plot, at.x, at.y);
    const value = numberOf(values[row][column]);
    return { ...at, text: inWords(value, words), corner: spot?.corner };
  }

  paint() {
    this.under.begin();
    this.over.begin();
    const all = this.model.get('spots');
    (this.picture.plots ?? []).forEach((plot, place) => {
      const now = this.dot(plot);
      if (now && !plot.cells) {
        this.under.add('line', { class: 'perflab-now-line', x1: now.x, x2: now.x,
          y1: plot.box.top, y2: bottomOf(plot), stroke: '#9a9a9a' });
      }
      for (const spot of all[place] ?? []) {
        if (spot.kind !== 'now' && MOVING.includes(spot.kind)) this.paintSpot(plot, spot);
      }
      if (now) {
        this.circle(plot.looks.now, now.x, now.y, 'now');
        this.label(plot, now);
      }
      this.placeHandle(plot, this.handles[place], now);
    });
    this.under.end();
    this.over.end();
    if (this.hover) this.read(this.hover);
  }

  paintSpot(plot, spot) {
    const [x, y] = [acrossOf(plot, spot.x), heightOf(plot, downOf(plot, spot.y))];
    const to = spot.joins === null ? y : heightOf(plot, downOf(plot, spot.joins));
    if (Math.abs(to - y) >= SHORTEST) {
      const colour = plot.looks[spot.kind].edge;
      this.under.add('line', { class: 'perflab-joins', x1: x, x2: x, y1: y, y2: to,
        stroke: colour, 'stroke-width': 1.6, 'stroke-dasharray': '1.6 2.4' });
      if (spot.text) this.beside(plot, spot.text, x, (y + to) / 2);
    }
    this.circle(plot.looks[spot.kind], x, y, spot.kind);
  }

  circle(look, x, y, kind) {
    this.over.add('circle', { class: `perflab-dot-${kind}`, cx: x, cy: y, r: look.size / 2,
      fill: look.face ?? 'none', stroke: look.edge, 'stroke-width': look.width });
  }

  label(plot, { x, y, text, corner }) {
    if (!text) return;
    const [right, up] = corner ?? [1, 1];
    const away = 11;
    const wide = 7.4 * text.length;
    const onRight = (right > 0 && x + away + wide < this.picture.width) || x - away - wide < 0;
    const at = { x: x + (onRight ? away : -away), y: y - away * up + (up > 0 ? 0 : 9),
      'text-anchor': onRight ? 'start' : 'end', class: 'perflab-now-text' };
    const paper = { fill: this.picture.ink, stroke: this.picture.paper };
    this.over.add('text', { ...at, ...paper }, text);
  }

  beside(plot, text, x, y) {
    const left = x > plot.box.left + plot.box.width / 2;
    this.over.add('text', { class: 'perflab-beside', x: x + (left ? -6 : 6), y: y + 4,
      'text-anchor': left ? 'end' : 'start', fill: this.picture.ink, stroke: this.picture.paper }, text);
  }

  placeHandle(plot, handle, now) {
    // Where nothing is known for a moment it stays, so that who moves it by keys keeps it.
    const idle = !this.keysOf(plot).length || (!now && !handle.style.left);
    handle.hidden = idle && handle !== document.activeElement;
    if (!now) return;
    this.heights.set(plot.title, now.y);
    handle.style.left = `${now.x / this.picture.width * 100}%`;
    handle.style.top = `${now.y / this.picture.height * 100}%`;
    const keys = this.keysOf(plot);
    if (!keys.length) return;
    const { stops } = this.handle(keys[0]);
    const place = this.placeOf(stops, this.present(keys[0])?.value);
    const measure = plot.cells?.name ?? plot.y.name;
    const values = keys.map(key => this.present(key)?.text).filter(Boolean).join(', ');
    set(handle, { 'aria-valuemin': 0, 'aria-valuemax': stops.length - 1,
      'aria-valuenow': Math.round(place), 'aria-valuetext': `${values}: ${measure} ${now.text}` });
  }

  // The place of a value in a list of stops; between two where it is none of them.
  placeOf(stops, value) {
    const same = stops.findIndex(stop => stop.value === value);
    if (same >= 0) return same;
    const above = stops.findIndex(stop => stop.value === null || stop.value > value);
    return above < 0 ? stops.length - 0.5 : above - 0.5;
  }

  // --- What the pointer reads.

  point(event) {
    const box = this.svg.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width * this.picture.width,
      y: (event.clientY - box.top) / box.height * this.picture.height,
      clientX: event.clientX, clientY: event.clientY };
  }

  leave() {
    if (this.dragged) return;
    this.hover = null;
    this.cross.clear();
    this.readOut.hide();
  }

  read(at) {
    this.hover = at;
    this.cross.begin();
    const plot = this.dragged?.plot ?? plotAt(this.picture, at.x, at.y);
    if (plot?.cells) this.readMap(plot, at);
    else if (plot?.curves.length) this.readCurves(plot, at);
    else this.readOut.hide();
    this.cross.end();
  }

  readCurves(plot, at) {
    const held = this.dragged && this.held.get(plot.x.key);
    const dot = held ? this.dot(plot) : null;
    const x = clamped(dot ? dot.x : at.x, plot.box.left, rightOf(plot));
    this.cross.add('line', { x1: x, x2: x, y1: plot.box.top, y2: bottomOf(plot),
      stroke: this.picture.ink, 'stroke-width': 0.8, opacity: 0.55 });
    const rows = [];
    for (const curve of plot.curves) {
      const read = readAt(plot, curve, x, false);
      if (!read) continue;
      const cy = heightOf(plot, read.height);
      this.cross.add('circle', { cx: x, cy, r: 3, fill: curve.colour });
      const band = bandAt(curve, read);
      const about = band === null ? '' : ` ± ${inWords(band, plot.y.words)}`;
      rows.push([curve.colour, curve.name, inWords(read.value, plot.y.words) + about]);
    }
    const spots = this.model.get('spots')[this.picture.plots.indexOf(plot)] ?? [];
    for (const spot of spots) {
      const down = heightOf(plot, downOf(plot, spot.y));
      const apart = Math.hypot(acrossOf(plot, spot.x) - at.x, down - at.y);
      if (apart < NEAR && spot.kind !== 'now') {
        rows.push([plot.looks[spot.kind]?.edge ?? '', spot.name, inWords(spot.y, plot.y.words)]);
      }
    }
    const events = eventsAt(plot, x, NEAR, MOST_EVENTS);
    for (const event of events) rows.push(['', event.text, inWords(event.x, plot.x.words)]);
    const line = this.dragged ? null : this.choiceAt(plot, at);
    if (line) rows.push([line.colour, `a click chooses ${line.name}`, '']);
    const whole = this.handle(plot.x.key)?.whole;
    const value = valueOfX(plot, x);
    const text = held ? held.text : inWords(whole ? Math.round(value) : value, plot.x.words);
    this.readOut.show(`${plot.x.name} ${text}`, rows, at);
  }

  readMap(plot, at) {
    const { columns, rows, values, name, words } = plot.cells;
    if (!columns.length || !rows.length) return;
    const { column, row } = cellAt(plot, at.x, at.y);
    const [x, y] = [columns[column].place, rows[row].place];
    const [left, top] = [acrossOf(plot, x - 0.5), downOf(plot, y + 0.5)];
    this.cross.add('rect', { x: left, y: top, width: acrossOf(plot, x + 0.5) - left,
      height: downOf(plot, y - 0.5) - top, fill: 'none', stroke: this.picture.ink });
    const title = [[plot.x, columns[column]], [plot.y, rows[row]]]
      .map(([axis, step]) => `${axis.name} ${wordsOf(step, axis)}`).join(', ');
    const value = numberOf(values[row][column]);
    const said = Number.isNaN(value) ? 'not known yet' : inWords(value, words);
    this.readOut.show(title, [['', name, said]], at);
  }
}
