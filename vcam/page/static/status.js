// The daemon's status, once a second, for every part of the page that shows something of it.

import { find, repeat, setText, words } from "./dom.js";
import { get } from "./session.js";

const STATUS_MS = 1000;
const LOCKED_MS = 5000;

// by the first word of the state; a state with a cause behind a colon is never good
const TONES = { running: "good", starting: "note", paused: "note", waiting: "note", "pass-through": "bad" };

const listeners = [];
let misses = 0;
let stopped = false; // by its user: that it does not answer is no surprise
let lockedFor_ms = 0;

/** Hand every status to a listener, with the one before it. */
export function onStatus(listener) {
  listeners.push(listener);
}

let last = {};

/** Show a status wherever it is shown. */
export function take(status) {
  const before = last;
  last = status;
  showState(words(status.state), toneOf(status.state ?? ""));
  for (const listener of listeners) listener(status, before);
}

/** Once it does not answer any more, say that the camera was stopped; until it answers again. */
export function noteStop() {
  stopped = true;
}

/** Value of a setting that the status tells of; undefined if it does not. */
export function settingOf(status, name) {
  return name in status ? status[name] : status.picture?.[name];
}

export function showStatus() {
  return repeat(STATUS_MS, readStatus);
}

/** Ask at once, as after a new key. */
export async function readStatus() {
  if (lockedFor_ms > 0) lockedFor_ms -= STATUS_MS; // no use to ask for what is refused every second
  else await tryStatus();
  find("silent").hidden = misses < 2;
  setText("silent-text", stopped ? "SharpKD Camera is stopped." : "SharpKD Camera is not answering.");
}

/** Forget that access was refused. */
export function unlock() {
  lockedFor_ms = 0;
}

async function tryStatus() {
  try {
    const answer = await get("status.json");
    const isLocked = answer.status === 401 || answer.status === 403;
    if (!isLocked && !answer.ok) throw new Error(`status.json: ${answer.status}`);
    if (misses > 0) stopped = false; // it still answers for a moment after it was told to stop
    misses = 0;
    showLock(isLocked);
    if (!isLocked) take(await answer.json());
  } catch {
    misses += 1;
    if (misses > 1) showState(stopped ? "stopped" : "not answering", stopped ? "quiet" : "bad");
  }
}

function showLock(isLocked) {
  find("expired").hidden = !isLocked;
  document.documentElement.dataset.access = isLocked ? "locked" : "open";
  if (!isLocked) return;
  lockedFor_ms = LOCKED_MS - STATUS_MS;
  showState("no access", "bad");
}

function showState(text, tone) {
  setText("state", text);
  find("state").dataset.tone = tone;
}

function toneOf(state) {
  const tone = TONES[state.split(/[ :]/)[0]] ?? "quiet";
  return tone === "good" && state.includes(":") ? "note" : tone;
}
