// The read-out beside the pointer: a title, and lines of a colour, a name and a value.

const WIDEST = 340;
const LINE = 18;
const AROUND = 14;
const AWAY = 16;

class ReadOut {
  constructor() {
    this.tip = document.createElement('div');
    this.tip.className = 'perflab-readout';
    this.tip.hidden = true;
    this.title = document.createElement('div');
    this.title.className = 'perflab-readout-title';
    this.tip.append(this.title);
    document.body.append(this.tip);
    this.ending = new AbortController();
    addEventListener('resize', () => this.measure(), { signal: this.ending.signal });
    this.measure();
  }

  // To ask for these in the middle of a move would have the page laid out for it.
  measure() {
    [this.wide, this.high] = [innerWidth, innerHeight];
  }

  end() {
    this.ending.abort();
    this.tip.remove();
  }

  hide() {
    this.tip.hidden = true;
  }

  // Where it may have no room, it stands on the pointer's other side; for that it is not measured.
  show(title, rows, { clientX, clientY }) {
    write(this.title, title);
    const lines = this.tip.children;
    while (lines.length > rows.length + 1) lines[lines.length - 1].remove();
    rows.forEach(([colour, name, value], place) => {
      const [swatch, ...texts] = (lines[place + 1] ?? this.newLine()).children;
      swatch.style.background = colour || 'transparent';
      write(texts[0], name);
      write(texts[1], value);
    });
    const high = LINE * (rows.length + 1) + AROUND;
    const beside = (at, room, size) => (
      at + AWAY + size < room ? `${at + AWAY}px` : `max(4px, ${at - AWAY}px - 100%)`);
    const [x, y] = [beside(clientX, this.wide, WIDEST), beside(clientY, this.high, high)];
    this.tip.style.transform = `translate(${x}, ${y})`;
    this.tip.hidden = false;
  }

  newLine() {
    const line = document.createElement('div');
    line.append(...['i', 'span', 'b'].map(kind => document.createElement(kind)));
    this.tip.append(line);
    return line;
  }
}
