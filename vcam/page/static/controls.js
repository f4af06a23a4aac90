// Controls of settings: an element with `data-set` shows one setting of the status, and changes it.

import { change, isHeld } from "./commands.js";
import { all, find, format, setText, words } from "./dom.js";
import { onStatus, settingOf } from "./status.js";

const UNITS = {
  percent: (value) => `${Math.round(value * 100)}%`,
  times: (value) => `${format(value, 1)}\u00d7`,
  signed: (value) => `${value > 0 ? "+" : ""}${Math.round(value * 100)}%`,
};

// how a kind of control is shown a setting, whether it could show it, and what it says its user wants
const KINDS = {
  range: {
    fits: Number.isFinite,
    show: (control, value) => { control.value = value; },
    read: (control) => control.valueAsNumber,
  },
  checkbox: {
    fits: (value) => typeof value === "boolean",
    show: (control, value) => { control.checked = value; },
    read: (control) => control.checked,
  },
  text: {
    fits: (value) => typeof value === "string",
    show: (control, value) => { control.value = value; },
    read: (control) => control.value,
  },
  number: {
    fits: Number.isFinite,
    show: (control, value) => { control.value = value; },
    read: (control) => Number(control.value),
  },
};

const controls = all("[data-set]");
const marks = all("input[name=overlay]");

function kindOf(control) {
  return KINDS[control.dataset.kind ?? control.getAttribute("type")];
}

function showValue(control, value) {
  if (!control.dataset.unit) return;
  setText(`${control.id}-value`, kindOf(control).fits(value) ? UNITS[control.dataset.unit](value) : words(value));
}

function show(control, value) {
  const kind = kindOf(control);
  control.disabled = !kind.fits(value);
  if (isHeld(control) || control === document.activeElement && control.dataset.kind === "text") return;
  if (!control.disabled) kind.show(control, value);
  showValue(control, value);
}

for (const control of controls) {
  const event = control.getAttribute("type") === "range" ? "input" : "change";
  control.addEventListener(event, () => {
    const value = kindOf(control).read(control);
    showValue(control, value);
    change({ [control.dataset.set]: value });
  });
}
for (const mark of marks) {
  mark.addEventListener("change", () => {
    const chosen = marks.filter((each) => each.checked).map((each) => each.value);
    change({ overlay: chosen.join(",") || "off" });
  });
}

function showOverlay(text) {
  const parts = (text ?? "off").split(",").map((part) => part.trim());
  for (const mark of marks) {
    mark.disabled = text === undefined;
    if (!isHeld(mark)) mark.checked = parts.includes(mark.value);
  }
  find("wipe-control").hidden = !parts.includes("wipe");
}

onStatus((status) => {
  for (const control of controls) show(control, settingOf(status, control.dataset.set));
  showOverlay(status.picture?.overlay);
  find("pans").hidden = !(status.picture?.zoom > 1);
});
