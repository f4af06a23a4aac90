// How this page shows the picture: its layout, a magnifying glass, the full screen. Nothing of it is published.

import { all, find } from "./dom.js";

const stage = find("stage");
const screen = find("screen");
const fullscreen = find("fullscreen");
const STEP = 0.25; // of what is shown, at a press of an arrow

let magnified = 1;
let centre = { x: 0.5, y: 0.5 }; // of what is shown, as shares of the picture

export function magnification() {
  return magnified;
}

/** Move what is shown with the pointer, by shares of the picture as it is shown. */
export function moveView(right, down) {
  setView(magnified, { x: centre.x - right / magnified, y: centre.y - down / magnified });
}

function setView(times, wanted) {
  magnified = times;
  const least = 0.5 / times;
  const within = (share) => Math.min(1 - least, Math.max(least, share));
  centre = { x: within(wanted.x), y: within(wanted.y) };
  stage.dataset.magnified = String(times);
  stage.style.setProperty("--magnified", times);
  stage.style.setProperty("--view-x", `${(0.5 - centre.x) * 100}%`);
  stage.style.setProperty("--view-y", `${(0.5 - centre.y) * 100}%`);
  find("view-moves").hidden = times === 1;
}

function setLayout(layout) {
  stage.dataset.layout = layout;
  document.documentElement.dataset.layout = layout;
}

for (const choice of all("input[name=layout]")) {
  choice.addEventListener("change", () => setLayout(choice.value));
  if (choice.checked) setLayout(choice.value); // a reload keeps the form's state
}
for (const choice of all("input[name=magnified]")) {
  choice.addEventListener("change", () => setView(Number(choice.value), centre));
  if (choice.checked) setView(Number(choice.value), centre);
}
for (const [id, right, down] of [["view-left", STEP, 0], ["view-right", -STEP, 0], ["view-up", 0, STEP], ["view-down", 0, -STEP]]) {
  find(id).addEventListener("click", () => moveView(right, down));
}

fullscreen.hidden = !document.fullscreenEnabled; // Safari has none before 16.4, nor on a phone
fullscreen.addEventListener("click", () => {
  if (document.fullscreenElement) document.exitFullscreen();
  else screen.requestFullscreen();
});
document.addEventListener("fullscreenchange", () => {
  fullscreen.setAttribute("aria-pressed", String(Boolean(document.fullscreenElement)));
});
