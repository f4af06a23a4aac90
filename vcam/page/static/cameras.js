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
const MOST_SIZES = 4; // told of one camera

let cameras = [];
let source = null; // the setting; null where it is not known
let running = ""; // the name of the one that is open

function describe(camera) {
  return {
    value: camera.source,
    name: camera.name,
    notes: [camera.path, sayModes(camera.modes ?? []), camera.drawback, sayRate(camera)],
    bad: camera.fault,
    disabled: Boolean(camera.fault),
  };
}

/** What a camera offers: its largest pictures with their highest rates, one for each size. */
function sayModes(modes) {
  const rates = {};
  const bySize = [...modes].sort((one, other) => other.size[0] * other.size[1] - one.size[0] * one.size[1]);
  for (const { size, rates: offered } of bySize) {
    const name = size.join(" \u00d7 ");
    rates[name] = Math.max(rates[name] ?? 0, ...offered);
  }
  const sizes = Object.entries(rates).slice(0, MOST_SIZES).map(([size, rate]) => `${size} at ${Math.round(rate)}`);
  return sizes.length ? `Offers ${sizes.join(", ")} fps` : "";
}

function sayRate(camera) {
  if (!camera.is_open) return "";
  const fps = camera.measured_fps;
  return fps ? `Open now; really delivers ${fps.toFixed(1)} frames a second` : "Open now";
}

function show() {
  const listed = [FIRST, ...cameras.map(describe), LAST];
  const isListed = source === null || listed.some((choice) => choice.value === source);
  const name = (source ?? "").startsWith("whip:") ? "A phone" : source;
  const other = { value: source, name, notes: ["as it is set now"] };
  showChoices("cameras", isListed ? listed : [...listed, other], source, choose);
  const found = cameras.length === 1 ? "1 camera was found." : `${cameras.length || "No"} cameras were found.`;
  setText("cameras-note", `${found} Shown now: ${running}.`);
}

async function choose(wanted) {
  await act({ set: { source: wanted } });
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
