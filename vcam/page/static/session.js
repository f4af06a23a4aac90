// The key of the address is exchanged for a secret, which stays in this tab and is sent with every request.
// There is no cookie, as a browser sends those to every port of this machine.

const DEADLINE_MS = 3000;
export const LONG_MS = 60000; // of what loads a model, opens an output or ends a file

let session = sessionStorage.getItem("session") ?? "";

export function get(url, deadline_ms = DEADLINE_MS) {
  return ask(url, { cache: "no-store" }, deadline_ms);
}

export function send(url, content, deadline_ms = DEADLINE_MS) {
  const headers = { "Content-Type": "application/json" };
  return ask(url, { method: "POST", headers, body: JSON.stringify(content) }, deadline_ms);
}

/** What an address answers, parsed; null where it is not there or fails. It may take its time. */
export async function read(url) {
  try {
    const answer = await get(url, LONG_MS);
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

export async function enter() {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (!key) return;
  history.replaceState(null, "", location.pathname); // it must not stay in the history
  const answer = await send("session", { key });
  if (!answer.ok) return; // an address that was used: the tab may have a session from before
  session = (await answer.json()).session;
  sessionStorage.setItem("session", session);
}

function ask(url, options, deadline_ms) {
  const headers = { ...options.headers, Authorization: `Bearer ${session}` };
  return fetch(url, { ...options, headers, signal: AbortSignal.timeout(deadline_ms) });
}
