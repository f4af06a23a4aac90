// Requests to the server. The person's secret stays in this browser, so that they can go on later.

const NAME = `sharpkd-study ${location.pathname}`;

export const hasSecret = () => localStorage.getItem(NAME) !== null;
export const forgetSecret = () => localStorage.removeItem(NAME);

/** Take part: the first trial. */
export async function join(key, about) {
  const { secret, ...trial } = await ask("join", { key, about });
  localStorage.setItem(NAME, secret);
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
  const whole = new Uint8Array(Number(answer.headers.get("content-length")));
  const reader = answer.body.getReader();
  let filled = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    whole.set(part.value, filled);
    filled += part.value.length;
    onProgress(filled / whole.length);
  }
  const length = Number(new DataView(whole.buffer).getBigUint64(0));
  return new Blob([whole.subarray(8, 8 + length)], { type: "video/webm" });
}

async function request(path, options) {
  const headers = { Authorization: `Bearer ${localStorage.getItem(NAME) ?? ""}` };
  const answer = await fetch(path, { cache: "no-store", ...options, headers }).catch(() => null);
  if (!answer) throw new Error("The study's server does not answer. Your answers so far are kept; load the page again later.");
  if (answer.ok) return answer;
  const { error } = await answer.json().catch(() => ({}));
  throw Object.assign(new Error(error ?? `The server refused that (${answer.status}).`), { status: answer.status });
}
