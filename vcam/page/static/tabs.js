// The tabs of the panel: one part is shown at a time, and some of them only then ask for what they show.

import { all, find } from "./dom.js";

const tabs = all("[role=tab]");
const openers = {}; // by the name of the tab: what to call when it is opened

const nameOf = (tab) => tab.id.replace("tab-", "");
const isSelected = (tab) => tab.getAttribute("aria-selected") === "true";

export function isOpen(name) {
  return isSelected(find(`tab-${name}`));
}

/** Call something each time a tab is opened; at once if it is open. */
export function onOpen(name, call) {
  (openers[name] ??= []).push(call);
  if (isOpen(name)) call();
}

function open(chosen) {
  for (const tab of tabs) {
    tab.setAttribute("aria-selected", String(tab === chosen));
    tab.setAttribute("tabindex", tab === chosen ? "0" : "-1");
    find(`panel-${nameOf(tab)}`).hidden = tab !== chosen;
  }
  for (const call of openers[nameOf(chosen)] ?? []) call();
}

tabs.forEach((tab, index) => {
  tab.addEventListener("click", () => {
    if (!isSelected(tab)) open(tab);
  });
  tab.addEventListener("keydown", (event) => {
    const last = tabs.length - 1;
    const wanted = {
      ArrowLeft: index === 0 ? last : index - 1, ArrowRight: index === last ? 0 : index + 1, Home: 0, End: last,
    }[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    tabs[wanted].focus();
    open(tabs[wanted]);
  });
});
