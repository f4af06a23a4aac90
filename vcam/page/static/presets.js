// Presets: settings of the picture under a name.

import { act } from "./commands.js";
import { find, make } from "./dom.js";
import { read } from "./session.js";

const form = find("preset-form");
const field = find("preset-name");

function button(text, label, does) {
  const element = make("button", { type: "button", text, "aria-label": label });
  element.addEventListener("click", async () => {
    await act({ preset: does });
    await showPresets();
  });
  return element;
}

function makeRow(preset) {
  const name = preset.name ?? preset;
  return make("li", {}, make("span", { text: name }),
    button("Use", `Use ${name}`, { use: name }), button("Delete", `Delete ${name}`, { delete: name }));
}

export async function showPresets() {
  const found = await read("presets");
  find("presets").hidden = found === null;
  if (found) find("preset-list").replaceChildren(...found.presets.map(makeRow));
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (await act({ preset: { save: field.value.trim() } })) field.value = "";
  await showPresets();
});
