// Small steps with elements and texts, and with time.

export const DASH = "\u2013";

export const find = (id) => document.getElementById(id);
export const all = (selector) => [...document.querySelectorAll(selector)];
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export function setText(id, text) {
  if (find(id).textContent !== text) find(id).textContent = text;
}

export function format(value, digits = 0) {
  return Number.isFinite(value) ? value.toFixed(digits) : DASH;
}

export function words(value) {
  return value === undefined || value === null || value === "" ? DASH : String(value);
}

/** A new element: its `text`, its attributes, its children. An attribute that is false or missing is left out. */
export function make(tag, { text = "", ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  if (text) element.textContent = text;
  if (children.length) element.replaceChildren(...children);
  return element;
}

/** A new element of a drawing. */
export function svg(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

export function untilVisible() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
}

/** Call a task for ever, each time some milliseconds after the last one, and never while the page is hidden. */
export async function repeat(ms, task) {
  for (;;) {
    await untilVisible();
    await task();
    await sleep(ms);
  }
}
