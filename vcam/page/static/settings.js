// All settings as the daemon describes them: for choices that the status does not tell of, for what has no control
// of its own, and to save what is not saved.

import { act, change } from "./commands.js";
import { all, find, make, setText } from "./dom.js";
import { read } from "./session.js";
import { onStatus } from "./status.js";

const NAMES = {
  always_on: "Keep the webcam open all the time",
  card_picture: "A picture file for the card",
  provider: "Processor",
  cpu: "Share of the processor",
  threads: "Threads",
  require_gpu: "Never run on the processor instead of the GPU",
};

const listeners = [];
let settings = {};

/** Hand all settings by their names to a listener, whenever they were read. */
export function onSettings(listener) {
  listeners.push(listener);
}

export async function readSettings() {
  const answer = await read("settings");
  if (!answer) return;
  settings = Object.fromEntries(answer.settings.map((each) => [each.name, each]));
  for (const listener of listeners) listener(settings);
}

// settings without a control of their own

function makeInput(setting) {
  const id = `setting-${setting.name}`;
  const known = { id, disabled: setting.needs === "restart", "aria-describedby": `${id}-help` };
  if (setting.kind === "bool") return make("input", { type: "checkbox", checked: setting.value, ...known });
  if (setting.kind === "choice") {
    const options = setting.choices.map((text) => make("option", { value: text, text, selected: text === setting.value }));
    return make("select", known, ...options);
  }
  const [min, max] = setting.range ?? [];
  const isNumber = setting.kind === "int" || setting.kind === "float";
  return make("input", { type: isNumber ? "number" : "text", value: setting.value, min, max, ...known });
}

function makeRow(setting) {
  const input = makeInput(setting);
  input.addEventListener("change", () => {
    const isNumber = input.getAttribute("type") === "number";
    change({ [setting.name]: setting.kind === "bool" ? input.checked : isNumber ? input.valueAsNumber : input.value });
  });
  const help = make("p", { class: "help", id: `${input.id}-help`, text: setting.help });
  const label = make("label", { for: input.id, text: NAMES[setting.name] ?? setting.name });
  return make("div", { class: setting.kind === "bool" ? "control check" : "control" }, label, input, help);
}

onSettings((known) => {
  for (const box of all("[data-settings]")) {
    if (box.contains(document.activeElement)) continue; // its user is there
    const rows = box.dataset.settings.split(" ").filter((name) => name in known).map((name) => makeRow(known[name]));
    box.replaceChildren(...rows);
    box.parentElement.hidden = rows.length === 0;
  }
});

// what is not saved

find("save").addEventListener("click", () => act({ save: true }));
find("revert").addEventListener("click", () => act({ revert: true }));

onStatus((status, before) => {
  const names = status.unsaved ?? [];
  find("unsaved").hidden = names.length === 0;
  const words = names.map((name) => name.replaceAll("_", " ")).join(", ");
  setText("unsaved-text", names.length > 2 ? `${names.length} settings not saved` : `Not saved: ${words}`);
  find("unsaved-text").setAttribute("title", words);
  for (const control of all("[data-set]")) {
    for (const label of control.labels) label.dataset.unsaved = String(names.includes(control.dataset.set));
  }
  if (String(names) !== String(before.unsaved ?? [])) readSettings();
});
