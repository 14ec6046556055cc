const tables = JSON.parse(document.getElementById("tables").textContent);
for (const button of document.querySelectorAll("button[data-csv]")) {
  const name = button.dataset.csv;
  if (!(name in tables)) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([tables[name]], { type: "text/csv" }));
    link.download = `${name}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
}
// Where a browser cannot print what is folded by styles alone.
const folded = [];
addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("details:not(.code, .screen, .rule):not([open])")) {
    folded.push(each);
    each.open = true;
  }
});
addEventListener("afterprint", () => {
  for (const each of folded.splice(0)) each.open = false;
});
