// A list of which one is chosen: radio buttons with a name, and what is to know of each.

import { isHeld } from "./commands.js";
import { find, make } from "./dom.js";

/**
 * Show choices in a fieldset, made again only if they differ from those shown.
 *
 * choices   [{ value, name, notes: [text, ...], bad: text, disabled }]
 * chosen    the value that holds now
 * choose    called with the value that its user chooses
 */
export function showChoices(id, choices, chosen, choose) {
  const box = find(id);
  const made = JSON.stringify(choices);
  if (box.dataset.made !== made) {
    box.dataset.made = made;
    const legend = box.children[0];
    box.replaceChildren(legend, ...choices.map((choice) => makeChoice(id, choice, choose)));
  }
  for (const label of [...box.children].slice(1)) {
    const radio = label.children[0];
    if (!isHeld(radio)) radio.checked = radio.value === chosen;
  }
}

function makeChoice(name, choice, choose) {
  const radio = make("input", { type: "radio", name, value: choice.value, disabled: choice.disabled });
  radio.addEventListener("change", () => choose(choice.value));
  const notes = (choice.notes ?? []).filter(Boolean).map((text) => make("small", { text }));
  if (choice.bad) notes.push(make("small", { class: "bad", text: choice.bad }));
  return make("label", { class: "choice" }, radio, make("b", { text: choice.name }), ...notes);
}
