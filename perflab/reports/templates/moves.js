// A slider below what-if charts of one setting: the point on each curve, and its numbers, follow it.
const groups = new Map();
for (const drawing of drawings) {
  if (!("moves" in drawing.figure.dataset)) continue;
  const section = drawing.figure.closest("section");
  const name = `${section.id} ${drawing.plot.x.key}`;
  groups.set(name, [...(groups.get(name) ?? []), drawing]);
}
for (const [name, group] of groups) {
  const { plot, present } = group[0];
  const stops = present.x.map(numberOf).filter(Number.isFinite);
  if (stops.length < 2) continue;
  const place = group[0].figure.closest(".figures");
  const mover = document.createElement("div");
  mover.className = "mover";
  place.before(mover);
  const id = `mover-${name.replace(/\W+/g, "-")}`;
  const label = element("label", mover, { for: id });
  label.textContent = plot.x.name;
  const slider = element("input", mover, {
    id, type: "range", min: 0, max: stops.length - 1, step: 1,
  });
  const said = element("output", mover, { for: id });
  const spot = plot.spots.find((each) => each.kind === "recommended" || each.kind === "now");
  const begin = spot ? spot.x : stops[stops.length - 1];
  const distance = (stop) => Math.abs(shareOf(plot.x, stop) - shareOf(plot.x, begin));
  slider.value = stops.reduce((best, stop, at) => (distance(stop) < distance(stops[best]) ? at : best), 0);
  const move = () => {
    const x = stops[Number(slider.value)];
    const numbers = group.map((drawing) => `${drawing.plot.y.name} ${drawing.move(x)}`);
    const value = inWords(x, plot.x.words);
    const named = present.name === plot.y.name ? "" : ` (${present.name})`;
    said.textContent = `${value}${named}: ${numbers.join("; ")}`;
    slider.setAttribute("aria-valuetext", said.textContent);
  };
  slider.addEventListener("input", move);
  move();
}
