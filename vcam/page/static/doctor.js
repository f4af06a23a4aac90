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

/** What is wrong comes first; what is fine is folded. */
function show(findings) {
  const fine = findings.filter((finding) => finding.level === "ok");
  const wrong = findings.filter((finding) => finding.level !== "ok");
  setText("doctor-words", wrong.length ? "" : "Nothing is wrong.");
  find("findings").replaceChildren(...wrong.map(makeFinding));
  find("fine").hidden = fine.length === 0;
  setText("fine-count", `${fine.length} ${fine.length === 1 ? "thing is" : "things are"} fine`);
  find("fine-findings").replaceChildren(...fine.map(makeFinding));
}

async function look() {
  again.disabled = true;
  setText("doctor-again", "Looking\u2026");
  const found = await read("doctor");
  find("doctor").hidden = found === null;
  if (found) show(found.findings);
  setText("doctor-again", "Look again");
  again.disabled = false;
}

let hasLooked = false;
again.addEventListener("click", look);
onOpen("help", () => {
  if (!hasLooked) look();
  hasLooked = true;
});
