// Presets: settings of the picture under a name, which a camera may bring with it.

import { act } from "./commands.js";
import { all, find, make } from "./dom.js";
import { read } from "./session.js";
import { onSettings } from "./settings.js";
import { onStatus } from "./status.js";

const form = find("preset-form");
const field = find("preset-name");
const own = find("preset-camera");
let source = ""; // the camera that is open

function button(text, label, does) {
  const element = make("button", { type: "button", text, "aria-label": label });
  element.addEventListener("click", async () => {
    await act({ preset: does });
    await showPresets();
    const same = all("#preset-list button").find((each) => each.getAttribute("aria-label") === label);
    (same ?? field).focus(); // the list was made again
  });
  return element;
}

function makeRow({ name, camera, is_used: isUsed }) {
  const notes = [isUsed && "in use", camera && `used whenever ${camera} is opened`].filter(Boolean);
  const title = make("span", {}, make("b", { text: name }), make("small", { text: notes.join(", ") }));
  return make("li", {}, title,
    button("Use", `Use ${name}`, { use: name }), button("Delete", `Delete ${name}`, { delete: name }));
}

export async function showPresets() {
  const found = await read("presets");
  find("presets").hidden = found === null;
  if (found) find("preset-list").replaceChildren(...found.presets.map(makeRow));
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const camera = own.checked ? { camera: source } : {};
  if (await act({ preset: { save: field.value.trim(), ...camera } })) field.value = "";
  await showPresets();
});
onStatus((status) => { source = (status.source ?? "").replace(/ \(\/dev\/.*\)$/, ""); });
onSettings(showPresets); // another setting may make another one the one in use
