// Requests to the server. The person's secret stays in this browser, so that they can go on later.

let name = ""; // of the secret: several studies may be served at one address, one after the other

export const useStudy = (id) => { name = `sharpkd-study-${id}`; };
export const hasSecret = () => localStorage.getItem(name) !== null;
export const forgetSecret = () => localStorage.removeItem(name);

/** Take part: the first trial. */
export async function join(key, about) {
  const { secret, ...trial } = await ask("join", { key, about });
  localStorage.setItem(name, secret);
  return trial;
}

/** What an address answers; a body makes it a POST. An Error has the server's words, and its `status`. */
export async function ask(path, body) {
  const answer = await request(path, body && { method: "POST", body: JSON.stringify(body) });
  return answer.json();
}

/** The bytes of a clip, taken out of its envelope; `onProgress` is told the share that has come. */
export async function readClip(number, place, onProgress) {
  const answer = await request(`clip/${number}/${place}`);
  const size = Number(answer.headers.get("content-length")) || Infinity;
  const reader = answer.body.getReader();
  const parts = [];
  let filled = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    filled += part.value.length;
    onProgress(Math.min(1, filled / size));
  }
  const whole = await new Blob(parts).arrayBuffer();
  const length = Number(new DataView(whole).getBigUint64(0));
  return new Blob([new Uint8Array(whole, 8, length)], { type: "video/webm" });
}

async function request(path, options) {
  const headers = { Authorization: `Bearer ${localStorage.getItem(name) ?? ""}` };
  const answer = await fetch(path, { cache: "no-store", ...options, headers }).catch(() => null);
  if (!answer) throw new Error("The study's server does not answer. Your answers so far are kept; load the page again later.");
  if (answer.ok) return answer;
  const { error } = await answer.json().catch(() => ({}));
  throw Object.assign(new Error(error ?? `The server refused that (${answer.status}).`), { status: answer.status });
}
