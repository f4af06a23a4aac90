// What the doctor finds, and the command against each finding.

import { copies } from "./copying.js";
import { find, make, setText } from "./dom.js";
import { read } from "./session.js";
import { onOpen } from "./tabs.js";

const again = find("doctor-again");

function makeFinding(finding) {
  const parts = [make("p", {}, make("b", { text: finding.title }))];
  if (finding.detail) parts.push(make("p", { class: "help", text: finding.detail }));
  if (finding.command) {
    const command = make("code", { text: finding.command });
    const button = make("button", { type: "button", text: "Copy command" });
    copies(button, command);
    parts.push(make("div", { class: "command" }, command, button));
  }
  return make("li", { "data-level": finding.level }, make("div", {}, ...parts));
}

async function look() {
  again.disabled = true;
  setText("doctor-again", "Looking\u2026");
  const found = await read("doctor");
  find("doctor").hidden = found === null;
  if (found) find("findings").replaceChildren(...found.findings.map(makeFinding));
  setText("doctor-again", "Look again");
  again.disabled = false;
}

let hasLooked = false;
again.addEventListener("click", look);
onOpen("help", () => {
  if (!hasLooked) look();
  hasLooked = true;
});
