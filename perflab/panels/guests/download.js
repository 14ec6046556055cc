// A link that saves what the kernel has sent; no address of the server is asked for it.
const TYPE = "application/octet-stream";

const render = ({ model, el }) => {
  const link = document.createElement("a");
  link.className = "perflab-download";
  link.title = "Save it on your machine.";
  let address = "";
  const forget = () => {
    if (address) URL.revokeObjectURL(address);
    address = "";
  };
  const show = () => {
    forget();
    const content = model.get("content");
    if (content?.byteLength) address = URL.createObjectURL(new Blob([content], { type: TYPE }));
    link.hidden = !address;
    link.href = address || "#";
    link.download = model.get("name");
    link.textContent = model.get("words");
  };
  model.on("change:content", show);
  model.on("change:name", show);
  show();
  el.append(link);
  return () => {
    model.off("change:content", show);
    model.off("change:name", show);
    forget();
  };
};

export default { render };
