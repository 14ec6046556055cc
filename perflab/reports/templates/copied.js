"use strict";

// Copy an element's text, and say on the button for a moment whether that was done.
async function copied(button, text) {
  let done = true;
  try {
    await navigator.clipboard.writeText(text.textContent);
  } catch {
    const range = document.createRange();
    range.selectNodeContents(text);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    done = document.execCommand("copy");
  }
  const word = button.dataset.word ??= button.textContent;
  button.textContent = done ? "Copied" : "Press Ctrl+C";
  setTimeout(() => { button.textContent = word; }, 2000);
}
