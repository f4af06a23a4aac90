// The models that there are, what is known of each, and which one runs.

import { renderCard } from "./card.js";
import { showChoices } from "./choices.js";
import { act } from "./commands.js";
import { find, format, make } from "./dom.js";
import { read } from "./session.js";
import { onSettings, readSettings } from "./settings.js";
import { onOpen } from "./tabs.js";

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

/** The recipe in words, of its text as the manifest has it. */
function nameRecipe(text) {
  try {
    const recipe = JSON.parse(text);
    return [recipe.name, recipe.title].filter(Boolean).join(": ");
  } catch {
    return text;
  }
}

function makeFacts(model) {
  const { measured = {}, data, recipe } = model;
  const gain = (value) => Number.isFinite(value) && `${value > 0 ? "+" : ""}${format(value, 2)} dB`;
  const facts = {
    "Gain, PSNR": gain(measured.psnr_gain),
    "Its least": gain(measured.worst_psnr_gain),
    "Gain in colour": gain(measured.chroma_gain),
    "Gain of the crisp look": gain(measured.crisp_psnr_gain),
    "Clean pictures stay within": Number.isFinite(measured.clean_psnr) && `${format(measured.clean_psnr)} dB`,
    "Trained on": data && `${data} data`,
    "Recipe": recipe && nameRecipe(recipe),
  };
  const known = Object.entries(facts).filter(([, value]) => value);
  return make("dl", { class: "details" },
    ...known.flatMap(([name, value]) => [make("dt", { text: name }), make("dd", { text: value })]));
}

/** A button that takes the version before, where one is kept. */
function makeUndo(model) {
  if (!model.replaced) return [];
  const button = make("button", { type: "button", text: "Go back to the version before" });
  button.addEventListener("click", async () => {
    await act({ rollback: model.name });
    await look();
  });
  return [button];
}

function fold(title, ...parts) {
  return make("details", { class: "card" }, make("summary", { text: title }), ...parts);
}

/** Numbers of each model, then the cards; models of one kind share theirs. */
function makeCards() {
  const titleOf = (model) => model.title ?? model.name;
  const cards = new Map();
  for (const model of models) {
    if (model.card) cards.set(model.card, [...(cards.get(model.card) ?? []), titleOf(model)]);
  }
  return [
    ...models.map((model) => fold(`${titleOf(model)} in numbers`, makeFacts(model), ...makeUndo(model))),
    ...[...cards].map(([card, titles]) =>
      fold(`Model card of ${titles.join(" and ")}`, make("div", { class: "text" }, ...renderCard(card)))),
  ];
}

function show() {
  showChoices("model-choices", [AUTO, ...models.map(describe)], chosen, choose);
}

async function choose(name) {
  await act({ set: { model: name } }); // it is warmed up before it takes over
  await look();
}

async function look() {
  const found = await read("models");
  if (!found) return;
  models = found.models;
  await readSettings();
  find("models-card").hidden = false;
  show();
  find("model-cards").replaceChildren(...makeCards());
}

onOpen("model", look);
onSettings((settings) => {
  chosen = settings.model?.value ?? null;
  if (models.length) show();
});
