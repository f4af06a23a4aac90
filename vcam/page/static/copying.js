// Buttons that copy a command: those of the page, with the id of its text in `data-copy`, and new ones.

import { all, find, sleep } from "./dom.js";

const SAID_MS = 1500;

/** Have a button copy an element's text; where that is not allowed, the text is selected. */
export function copies(button, source) {
  const label = button.textContent;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(source);
      button.textContent = "Selected";
    }
    await sleep(SAID_MS);
    button.textContent = label;
  });
}

for (const button of all("[data-copy]")) copies(button, find(button.dataset.copy));
