// Which camera is restored, and what each really delivers.

import { showChoices } from "./choices.js";
import { act } from "./commands.js";
import { find, setText } from "./dom.js";
import { read } from "./session.js";
import { onSettings, readSettings } from "./settings.js";
import { onStatus } from "./status.js";
import { onOpen } from "./tabs.js";

const FIRST = { value: "auto", name: "Automatic", notes: ["The one used last, else the built-in one, else the first"] };
const LAST = { value: "sample", name: "Bundled clip", notes: ["A person who moves, to try things without a camera"] };
const SWITCH_MS = 20000;

let cameras = [];
let source = null; // the setting; null where it is not known
let running = ""; // the name of the one that is open

function describe(camera) {
  const name = `${camera.name} (${camera.path})`;
  return {
    value: camera.source,
    name: camera.name,
    notes: [camera.path, ...sayModes(camera), camera.drawback, running === name && sayRate(camera)],
    bad: camera.fault,
    disabled: Boolean(camera.fault),
  };
}

function sayModes(camera) {
  const modes = camera.modes ?? [];
  return modes.slice(0, 3).map((mode) => (typeof mode === "string" ? mode : JSON.stringify(mode)));
}

function sayRate(camera) {
  return camera.measured_fps ? `delivers ${camera.measured_fps.toFixed(1)} frames a second` : "";
}

function show() {
  const listed = [FIRST, ...cameras.map(describe), LAST];
  const isListed = source === null || listed.some((choice) => choice.value === source);
  const other = { value: source, name: source, notes: ["as it is set now"] };
  showChoices("cameras", isListed ? listed : [...listed, other], source, choose);
  const found = cameras.length === 1 ? "1 camera was found." : `${cameras.length || "No"} cameras were found.`;
  setText("cameras-note", `${found} Shown now: ${running}.`);
}

async function choose(wanted) {
  await act({ set: { source: wanted } }, SWITCH_MS); // a driver may take its time
  await readSettings();
  show();
}

async function look() {
  setText("cameras-note", "Looking for cameras\u2026");
  cameras = (await read("devices"))?.cameras ?? [];
  await readSettings();
  show();
}

find("cameras-again").addEventListener("click", look);
onOpen("camera", look);
onStatus((status) => { running = status.source ?? ""; });
onSettings((settings) => {
  source = settings.source?.value ?? null;
  if (cameras.length) show();
});
