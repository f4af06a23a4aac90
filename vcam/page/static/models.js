// The models that there are, what is known of each, and which one runs.

import { showChoices } from "./choices.js";
import { act } from "./commands.js";
import { find, format, make } from "./dom.js";
import { read } from "./session.js";
import { onSettings, readSettings } from "./settings.js";
import { onOpen } from "./tabs.js";

const LOAD_MS = 60000;
const AUTO = { value: "auto", name: "Automatic", notes: ["The best one that this machine can follow; a faster one when frames come late"] };

let models = [];
let chosen = null;

function describe(model) {
  const looks = Array.isArray(model.looks) ? model.looks.length : model.looks;
  const facts = [
    model.size_mb && `${format(model.size_mb, 1)} MB`,
    model.macs_per_pixel && `${format(model.macs_per_pixel)} multiplications a pixel`,
    looks > 1 && "faithful and crisp look",
  ];
  return {
    value: model.name,
    name: model.is_running ? `${model.title ?? model.name} (running)` : model.title ?? model.name,
    notes: [facts.filter(Boolean).join(", ")],
  };
}

/** Anything that a card holds, as terms and values; tables within tables are written out. */
function listFacts(facts, prefix = "") {
  return Object.entries(facts).flatMap(([name, value]) => {
    const title = `${prefix}${name.replaceAll("_", " ")}`;
    if (value === null || value === "") return [];
    if (typeof value === "object" && !Array.isArray(value)) return listFacts(value, `${title}, `);
    return [make("dt", { text: title }), make("dd", { text: Array.isArray(value) ? value.join(", ") : String(value) })];
  });
}

function makeCard(model) {
  const facts = { measured: model.measured, "trained on": model.data, recipe: model.recipe };
  const known = Object.fromEntries(Object.entries(facts).filter(([, value]) => value));
  const text = typeof model.card === "string" ? make("p", { class: "help", text: model.card }) : null;
  const more = typeof model.card === "object" ? listFacts(model.card ?? {}) : [];
  const list = make("dl", { class: "details" }, ...listFacts(known), ...more);
  return make("details", { class: "card" },
    make("summary", { text: `Card of ${model.title ?? model.name}` }), ...[text, list].filter(Boolean));
}

function show() {
  showChoices("model-choices", [AUTO, ...models.map(describe)], chosen, choose);
}

async function choose(name) {
  await act({ set: { model: name } }, LOAD_MS); // it is warmed up before it takes over
  await look();
}

async function look() {
  const found = await read("models");
  if (!found) return;
  models = found.models;
  await readSettings();
  find("models-card").hidden = false;
  show();
  find("model-cards").replaceChildren(...models.map(makeCard));
}

onOpen("model", look);
onSettings((settings) => {
  chosen = settings.model?.value ?? null;
  if (models.length) show();
});
