// Shapes of a drawing that is made again and again, many times a second.

const SVG = 'http://www.w3.org/2000/svg';

// Set what differs: what stays as it was costs the page nothing.
const set = (element, attributes) => {
  for (const [key, value] of Object.entries(attributes)) {
    if (element.getAttribute(key) !== String(value)) element.setAttribute(key, value);
  }
};

// The text of an element that has nothing else.
const write = (element, text) => {
  const [node] = element.childNodes;
  if (!node) element.append(text);
  else if (node.data !== text) node.data = text;
};

const make = (parent, name, attributes = {}) => {
  const made = document.createElementNS(SVG, name);
  set(made, attributes);
  parent.append(made);
  return made;
};

// The shapes of a group: each drawing takes those of the one before it again.
class Shapes {
  constructor(parent) {
    this.parent = make(parent, 'g');
    this.made = [];
    this.taken = 0;
  }

  begin() {
    this.taken = 0;
  }

  add(name, attributes, text = '') {
    let shape = this.made[this.taken];
    if (shape?.localName !== name) {
      const fresh = document.createElementNS(SVG, name);
      if (shape) shape.replaceWith(fresh); else this.parent.append(fresh);
      shape = this.made[this.taken] = fresh;
    }
    this.taken += 1;
    for (const key of shape.getAttributeNames()) {
      if (!(key in attributes)) shape.removeAttribute(key);
    }
    set(shape, attributes);
    write(shape, text);
  }

  end() {
    for (const shape of this.made.splice(this.taken)) shape.remove();
  }

  clear() {
    this.begin();
    this.end();
  }
}
