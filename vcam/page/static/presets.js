// Presets: settings of the picture under a name, which a camera may bring with it.

import { act, showFailure } from "./commands.js";
import { all, find, make } from "./dom.js";
import { read } from "./session.js";
import { onSettings } from "./settings.js";

const form = find("preset-form");
const field = find("preset-name");
const own = find("preset-camera");

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

async function showPresets() {
  const found = await read("presets");
  find("presets").hidden = found === null;
  if (found) find("preset-list").replaceChildren(...found.presets.map(makeRow));
}

/** The webcam that is open, which a preset can be for; null without one. */
async function findCamera() {
  const found = await read("devices");
  return found?.cameras.find((camera) => camera.is_open)?.name ?? null;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = own.checked ? await findCamera() : null;
  if (own.checked && !name) return showFailure("No webcam is open that this preset could be for. Save it without one.");
  const camera = name ? { camera: name } : {};
  if (await act({ preset: { save: field.value.trim(), ...camera } })) field.value = "";
  await showPresets();
});
onSettings(showPresets); // another setting may make another one the one in use
