// The daemon's status, once a second, for every part of the page that shows something of it.

import { find, repeat, setText, words } from "./dom.js";
import { get } from "./session.js";

const STATUS_MS = 1000;
const LOCKED_MS = 5000;
const RESTART_MISSES = 20; // so long may a model be warmed up

// by the first word of the state; a state with a cause behind a colon is never good
const TONES = { running: "good", starting: "note", paused: "note", waiting: "note", "pass-through": "bad" };

const listeners = [];
let misses = 0;
let expected = ""; // why no answer is no surprise: "stopped" or "restarting"
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
  expected = "";
  showState(words(status.state), toneOf(status.state ?? ""));
  for (const listener of listeners) listener(status, before);
}

/** Until it answers again, say that the camera was stopped or restarts, not that it does not answer. */
export function expectSilence(reason) {
  expected = reason;
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
  find("silent").hidden = misses < (expected === "restarting" ? RESTART_MISSES : 2);
  setText("silent-text", expected === "stopped" ? "SharpKD Camera is stopped." : "SharpKD Camera is not answering.");
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
    misses = 0;
    showLock(isLocked);
    if (!isLocked) take(await answer.json());
  } catch {
    misses += 1;
    if (misses > 1) showState(expected || "not answering", expected ? "quiet" : "bad");
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
