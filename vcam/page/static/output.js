// The output's size and rate. They hold as long as the camera runs, so a change of them is a restart, behind one button.

import { act } from "./commands.js";
import { find, make, setText } from "./dom.js";
import { onSettings, readSettings } from "./settings.js";

const SIZES = ["640x360", "960x540", "1280x720", "1920x1080"];
const RATES = ["15", "24", "25", "30", "50", "60"];

const size = find("output-size");
const fps = find("output-fps");
const go = find("output-go");
let now = null; // { size, fps } as texts

const written = (value) => (Array.isArray(value) ? value.join("x") : String(value));
const shown = (text) => text.replace("x", " \u00d7 ");

function offer(select, texts, chosen) {
  const all = texts.includes(chosen) ? texts : [chosen, ...texts];
  select.replaceChildren(...all.map((value) => make("option", { value, text: shown(value) })));
  select.value = chosen;
}

function showButton() {
  const isChanged = size.value !== now.size || fps.value !== now.fps;
  go.disabled = !isChanged;
  go.setAttribute("class", isChanged ? "strong" : "");
  setText("output-go", isChanged ? `Restart with ${shown(size.value)} at ${fps.value} fps` : "As it is now");
}

find("output-form").addEventListener("change", showButton);
find("output-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  setText("output-go", "Restarting\u2026");
  go.disabled = true;
  await act({ restart: { size: size.value, fps: Number(fps.value) } });
  now = null; // whatever came of it
  await readSettings();
});

onSettings((settings) => {
  if (!settings.size) return;
  const found = { size: written(settings.size.value), fps: String(settings.fps.value) };
  find("output").hidden = false;
  if (now && now.size === found.size && now.fps === found.fps) return;
  now = found;
  offer(size, SIZES, now.size);
  offer(fps, RATES, now.fps);
  showButton();
});
