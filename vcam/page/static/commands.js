// What the user changes is posted; what the daemon refuses is said. The page keeps nothing of it.

import { find, setText, sleep } from "./dom.js";
import { LONG_MS, send } from "./session.js";
import { take } from "./status.js";

const SEND_MS = 150;

let pending = null; // what the user set and the daemon has not confirmed
let sending = false;

/** Whether a control shows what its user does now, not what the daemon says. */
export function isHeld(control) {
  return sending || control.matches(":active");
}

/** Change settings by their names. What comes while a change is on its way is sent after it, at once. */
export function change(values) {
  pending = { ...pending, ...values };
  sendPending();
}

/** Send one command; whether it was carried out. */
export async function act(command, deadline_ms = LONG_MS) {
  const failure = await post(command, deadline_ms);
  showFailure(failure);
  return failure === null;
}

export function showFailure(text) {
  setText("failure-text", text ?? "");
  find("failure").hidden = text === null;
}

async function sendPending() {
  if (sending) return;
  sending = true;
  while (pending) {
    const set = pending;
    pending = null;
    await act({ set });
    await sleep(SEND_MS);
  }
  sending = false;
}

async function post(command, deadline_ms) {
  try {
    const answer = await send("command", command, deadline_ms);
    const reply = await answer.json().catch(() => ({}));
    if (answer.ok) {
      take(reply);
      return null;
    }
    return typeof reply.error === "string" ? reply.error : `The change was refused (${answer.status}).`;
  } catch {
    return "The change did not reach SharpKD Camera.";
  }
}

find("failure-close").addEventListener("click", () => showFailure(null));
