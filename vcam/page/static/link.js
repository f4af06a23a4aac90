// The simulated link: the step of a call's picture, and the conditions of the line. One text holds all of that,
// "360p,codec=vp8,loss=0.02"; what this page has no control for stays in it.

import { showChoices } from "./choices.js";
import { change, isHeld } from "./commands.js";
import { find, format, setText } from "./dom.js";
import { onStatus } from "./status.js";

const OFF = "off";
const CONTROLS = {
  codec: { usual: "h264", say: (value) => value },
  loss: { usual: "0", say: (value) => `${format(Number(value) * 100, 1)}%` },
  rtt_ms: { usual: "100", id: "rtt", say: (value) => `${format(Number(value))} ms` },
};

let link = OFF;

function split(text) {
  const [step, ...parts] = text.split(",");
  return { step, parts: Object.fromEntries(parts.map((part) => part.split(/=(.*)/s).slice(0, 2))) };
}

function join(step, parts) {
  return [step, ...Object.entries(parts).map(([key, value]) => `${key}=${value}`)].join(",");
}

/** The link with some of its parts changed; a part that is null or as usual is left out. */
export function changeLink(changes) {
  const { step, parts } = split(link);
  const wanted = { ...parts, ...changes };
  for (const [key, value] of Object.entries(wanted)) {
    if (value === null || value === CONTROLS[key]?.usual) delete wanted[key];
  }
  setLink(join(step, wanted));
}

function setLink(text) {
  link = text;
  change({ link: text });
}

/** The part of the link that stands behind a name; undefined if it has none. */
export function partOf(name) {
  return split(link).parts[name];
}

function choose(step) {
  setLink(step === OFF ? OFF : join(step, split(link).parts));
}

function showSteps(status) {
  const rates = status.link_kbps ?? {};
  const names = status.link_profiles ?? [];
  find("link").disabled = !status.link_profiles;
  const steps = [OFF, ...names].map((value) => ({
    value,
    name: value === OFF ? "Off" : value,
    notes: [value === OFF ? "as in a real call" : rates[value] && `${format(rates[value])} kbps`],
  }));
  showChoices("link", steps, split(link).step, choose);
}

function showConditions() {
  const { parts } = split(link);
  for (const [key, { usual, id, say }] of Object.entries(CONTROLS)) {
    const control = find(`link-${id ?? key}`);
    const value = parts[key] ?? usual;
    if (!isHeld(control)) control.value = value;
    if (control.getAttribute("type") === "range" && !isHeld(control)) setText(`${control.id}-value`, say(value));
  }
}

for (const [key, { id, say }] of Object.entries(CONTROLS)) {
  const control = find(`link-${id ?? key}`);
  const isRange = control.getAttribute("type") === "range";
  if (isRange) control.addEventListener("input", () => setText(`${control.id}-value`, say(control.value)));
  control.addEventListener("change", () => changeLink({ [key]: control.value })); // a new link begins with each
}

onStatus((status) => {
  if (!isHeld(find("link"))) link = status.link ?? OFF;
  find("link-measured").hidden = find("link-more").hidden = find("link-trace").hidden = !status.link;
  setText("link-kbps", format(status.kbps));
  setText("link-gain", format(status.gain_db, 2));
  showSteps(status);
  showConditions();
});
