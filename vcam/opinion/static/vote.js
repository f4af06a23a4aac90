// The seven steps of P.910's comparison scale, as radio buttons: arrows or the keys 1 to 7, then Enter.

import { all, find, make, setText } from "./dom.js";

const STEPS = [
  [-3, "Much worse"], [-2, "Worse"], [-1, "Slightly worse"], [0, "The same"],
  [1, "Slightly better"], [2, "Better"], [3, "Much better"],
];
const QUESTIONS = {
  sequential: "The second clip, compared with the first, is",
  side: "The right clip, compared with the left, is",
};

const form = find("vote");
let answer = null;

find("scale").replaceChildren(...STEPS.map(([score, words], index) => make("label", {},
  make("input", { type: "radio", name: "score", value: String(score) }), make("span", { text: words }), make("kbd", { text: String(index + 1) }))));
const steps = all("#scale input");

/** Ask for a vote, and hand it over once. */
export function askVote(layout, onVote) {
  answer = onVote;
  form.reset();
  find("send").disabled = true;
  setText("question", QUESTIONS[layout]);
  setText("said", QUESTIONS[layout]);
  form.hidden = false;
  steps[3].focus();
  form.scrollIntoView({ block: "nearest" });
}

export function hideVote() {
  answer = null;
  form.hidden = true;
}

form.addEventListener("change", () => { find("send").disabled = false; });
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const chosen = steps.find((each) => each.checked);
  const vote = answer;
  if (!chosen || !vote) return;
  hideVote();
  vote(Number(chosen.value));
});
addEventListener("keydown", (event) => {
  const step = steps[Number(event.key) - 1];
  if (form.hidden || !step || document.querySelector("dialog[open]") || event.altKey || event.ctrlKey || event.metaKey) return;
  step.checked = true;
  step.focus();
  find("send").disabled = false;
});
