// What is wrong though the camera runs, and how other programs get to see it.

import { find, make, setText } from "./dom.js";
import { onStatus } from "./status.js";

function showHint(text) {
  find("hint").hidden = !text;
  if (!text) return;
  const [, before, command] = text.match(/^(.*?\brun: )(.+)$/i) ?? [null, text, ""];
  setText("hint-text", before);
  setText("hint-command", command);
  find("hint-command").hidden = find("copy").hidden = !command;
}

function showWarnings(texts) {
  find("warnings").hidden = texts.length === 0;
  const items = [...find("warning-list").children];
  if (items.map((item) => item.textContent).join("\n") === texts.join("\n")) return;
  find("warning-list").replaceChildren(...texts.map((text) => make("li", { text })));
}

onStatus((status) => {
  showHint(status.hint);
  showWarnings(status.warnings ?? []);
});
