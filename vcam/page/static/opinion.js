// One click: is the picture better, the same or worse? It is kept on this machine, with the settings of the moment.

import { act } from "./commands.js";
import { all, find, setText } from "./dom.js";
import { read } from "./session.js";
import { onStatus } from "./status.js";

const NAMES = { better: "better", same: "the same", worse: "worse" };
const buttons = all("[data-opinion]");
const forget = find("opinion-forget");

let counts = null; // null: this camera keeps none, or it was not asked yet

async function showCounts() {
  counts = (await read("opinions"))?.counts ?? null;
  find("opinion").hidden = counts === null;
  if (!counts) return;
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const each = Object.entries(counts).filter(([, count]) => count).map(([name, count]) => `${count} ${NAMES[name]}`);
  setText("opinion-count", total ? `On this machine: ${each.join(", ")}` : "Kept on this machine alone");
  forget.hidden = total === 0;
}

async function change(command, after) {
  if (await act(command)) await showCounts();
  if (after.hidden) buttons[0].focus(); // what was pressed has gone
}

for (const button of buttons) {
  button.addEventListener("click", () => change({ opinion: button.dataset.opinion }, button));
}
forget.addEventListener("click", () => change({ forget_opinions: true }, forget));

let isAsked = false;
onStatus((status) => {
  for (const button of buttons) button.disabled = !status.state?.startsWith("running");
  if (isAsked) return;
  isAsked = true;
  showCounts();
});
