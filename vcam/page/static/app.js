// The preview page. It holds no state of the daemon: what it shows was fetched, what it changes is posted.

const FRAME_MS = 1000 / 30;
const STATUS_MS = 1000;
const DEADLINE_MS = 3000;
const LONGEST_WAIT_MS = 4000;
const SEND_MS = 150;
const DASH = "\u2013";

// by the first word of the state; a state with a cause behind a colon is never good
const TONES = { running: "good", starting: "note", paused: "note", waiting: "note", "pass-through": "bad" };
const CAUSES = {
  source: "Lost by the source",
  busy: "Came while busy",
  unsent: "Replaced before sending",
  failed: "Restoration failed",
  unpublished: "No output to send to",
  link_skipped: "Left out by the link",
  link_lost: "Lost on the link",
};

const find = (id) => document.getElementById(id);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const get = (url) => ask(url, { cache: "no-store" });

// session: the key of the address is exchanged for a secret, which stays in this tab and is sent with every
// request. There is no cookie, as a browser sends those to every port of this machine.

let session = sessionStorage.getItem("session") ?? "";

function ask(url, options) {
  const headers = { ...options.headers, Authorization: `Bearer ${session}` };
  return fetch(url, { ...options, headers, signal: AbortSignal.timeout(DEADLINE_MS) });
}

async function enter() {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (!key) return;
  history.replaceState(null, "", location.pathname); // it must not stay in the history
  const answer = await ask("session", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ key }),
  });
  if (!answer.ok) return; // an address that was used: the tab may have a session from before
  session = (await answer.json()).session;
  sessionStorage.setItem("session", session);
}

addEventListener("hashchange", () => enter().catch(() => {}));

function setText(id, text) {
  if (find(id).textContent !== text) find(id).textContent = text;
}

function format(value, digits = 0) {
  return Number.isFinite(value) ? value.toFixed(digits) : DASH;
}

function words(value) {
  return value === undefined || value === null || value === "" ? DASH : String(value);
}

function untilVisible() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
}

// picture

const stage = find("stage");
const sides = [find("before"), find("after")];

function wantedWidth() {
  const pixels = sides[1].clientWidth * Math.min(devicePixelRatio, 2);
  return Math.min(1280, Math.max(320, Math.ceil(pixels / 64) * 64));
}

function draw(pair) {
  const width = pair.width / 2;
  sides.forEach((canvas, side) => {
    if (canvas.width !== width || canvas.height !== pair.height) {
      canvas.width = width;
      canvas.height = pair.height;
    }
    canvas.getContext("2d").drawImage(pair, side * width, 0, width, pair.height, 0, 0, width, pair.height);
  });
}

async function showNext(seen) {
  const width = wantedWidth();
  const same = seen.width === width ? seen.mark : "";
  const answer = await get(`pair.jpg?width=${width}&seen=${encodeURIComponent(same)}`);
  if (!answer.ok) throw new Error(`pair.jpg: ${answer.status}`);
  if (answer.status === 204) return seen;
  const pair = await createImageBitmap(await answer.blob());
  const mark = answer.headers.get("X-Mark") ?? "";
  stage.dataset.shows = mark.startsWith("card") ? "card" : "picture";
  draw(pair);
  pair.close();
  return { mark, width };
}

async function showPictures() {
  let seen = { mark: "", width: 0 };
  let wait = 0;
  for (;;) {
    await untilVisible();
    const start = performance.now();
    try {
      seen = await showNext(seen);
      wait = 0;
    } catch {
      wait = Math.min(LONGEST_WAIT_MS, wait * 2 || 250);
    }
    await sleep(Math.max(wait, FRAME_MS - (performance.now() - start)));
  }
}

// wipe

const divider = find("divider");
let wipe = 50;

function setWipe(percent) {
  wipe = Math.min(100, Math.max(0, percent));
  stage.style.setProperty("--wipe", `${wipe}%`);
  const before = Math.round(wipe);
  divider.setAttribute("aria-valuenow", before);
  divider.setAttribute("aria-valuetext", `${before}% before, ${100 - before}% after`);
}

function followPointer(event) {
  const box = stage.getBoundingClientRect();
  setWipe(((event.clientX - box.left) / box.width) * 100);
}

stage.addEventListener("pointerdown", (event) => {
  if (stage.dataset.layout !== "wipe" || event.button !== 0) return;
  stage.setPointerCapture(event.pointerId);
  followPointer(event);
});
stage.addEventListener("pointermove", (event) => {
  if (stage.hasPointerCapture(event.pointerId)) followPointer(event);
});
divider.addEventListener("keydown", (event) => {
  const positions = {
    ArrowLeft: wipe - 2, ArrowDown: wipe - 2, ArrowRight: wipe + 2, ArrowUp: wipe + 2,
    PageDown: wipe - 10, PageUp: wipe + 10, Home: 0, End: 100,
  };
  if (!(event.key in positions)) return;
  event.preventDefault();
  setWipe(positions[event.key]);
});
for (const choice of document.querySelectorAll("input[name=layout]")) {
  choice.addEventListener("change", () => { stage.dataset.layout = choice.value; });
  if (choice.checked) stage.dataset.layout = choice.value; // a reload keeps the form's state
}

// controls

const sliders = ["strength", "crispness", "denoise"].map(find);
const link = find("link");
let pending = null; // what the user set and the daemon has not confirmed
let sending = false;

async function send() {
  if (sending) return;
  sending = true;
  while (pending) {
    const set = pending;
    pending = null;
    const failure = await post({ set });
    setText("failure", failure ?? "");
    find("failure").hidden = failure === null;
    await sleep(SEND_MS);
  }
  sending = false;
}

async function post(command) {
  try {
    const answer = await ask("command", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(command),
    });
    if (answer.ok) return null;
    const reply = await answer.json().catch(() => ({}));
    const reason = reply.error;
    return typeof reason === "string" ? reason : `The change was refused (${answer.status}).`;
  } catch {
    return "The change did not reach SharpKD Camera.";
  }
}

function change(values) {
  pending = { ...pending, ...values };
  send();
}

for (const slider of sliders) {
  slider.addEventListener("input", () => {
    setText(`${slider.id}-value`, percent(slider.valueAsNumber));
    change({ [slider.id]: slider.valueAsNumber });
  });
}
link.addEventListener("change", () => change({ link: link.value }));

function percent(value) {
  return Number.isFinite(value) ? `${Math.round(value * 100)}%` : words(value);
}

function isHeld(control) {
  return sending || control.matches(":active");
}

function showControls(status) {
  for (const slider of sliders) showSlider(slider, status[slider.id]);
  if (!isHeld(link)) showLink(status);
}

function showSlider(slider, value) {
  slider.disabled = !Number.isFinite(value);
  if (isHeld(slider)) return;
  if (!slider.disabled) slider.value = value;
  setText(`${slider.id}-value`, percent(value));
}

function showLink(status) {
  const current = status.link === null ? "off" : status.link;
  setText("link-value", words(current));
  const names = [...new Set(["off", ...(status.link_profiles ?? []), ...(current ? [current] : [])])];
  link.disabled = !status.link_profiles;
  if (names.join() !== [...link.options].map((option) => option.value).join()) {
    link.replaceChildren(...names.map((name) => new Option(name === "off" ? "Off" : name, name)));
  }
  link.value = current ?? "off";
}

// numbers

function showDrops(drops) {
  const causes = Object.entries(drops ?? {}).filter(([, count]) => count > 0);
  setText("drops", drops ? String(causes.reduce((sum, [, count]) => sum + count, 0)) : DASH);
  const rows = causes.length ? causes : [["", drops ? "0" : DASH]];
  find("causes").replaceChildren(...rows.flatMap(([cause, count]) => {
    const term = document.createElement("dt");
    const value = document.createElement("dd");
    term.textContent = cause ? (CAUSES[cause] ?? cause) : "None so far";
    value.textContent = count;
    return [term, value];
  }));
}

function showHint(text) {
  find("hint").hidden = !text;
  if (!text) return;
  const [, before, command] = text.match(/^(.*?\brun: )(.+)$/i) ?? [null, text, ""];
  setText("hint-text", before);
  setText("hint-command", command);
  find("hint-command").hidden = find("copy").hidden = !command;
}

function showWarnings(texts) {
  find("warnings").hidden = texts.length === 0;
  const items = [...find("warning-list").children];
  if (items.map((item) => item.textContent).join("\n") === texts.join("\n")) return;
  find("warning-list").replaceChildren(...texts.map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
}

find("copy").addEventListener("click", async () => {
  const command = find("hint-command");
  try {
    await navigator.clipboard.writeText(command.textContent);
    setText("copy", "Copied");
  } catch {
    getSelection().selectAllChildren(command);
    setText("copy", "Selected");
  }
  await sleep(1500);
  setText("copy", "Copy command");
});

function showState(text, tone) {
  setText("state", text);
  find("state").dataset.tone = tone;
}

function toneOf(state) {
  const tone = TONES[state.split(/[ :]/)[0]] ?? "quiet";
  return tone === "good" && state.includes(":") ? "note" : tone;
}

function show(status) {
  showState(words(status.state), toneOf(status.state ?? ""));
  setText("fps", format(status.fps, 1));
  setText("kbps", format(status.kbps));
  setText("age-p50", format(status.age_ms?.p50));
  setText("age-p95", format(status.age_ms?.p95));
  setText("restore-p50", format(status.stage_ms?.restore?.p50, 1));
  setText("restore-p95", format(status.stage_ms?.restore?.p95, 1));
  setText("size", Array.isArray(status.size) ? status.size.join(" \u00d7 ") : DASH);
  for (const key of ["model", "provider", "source", "sink"]) setText(key, words(status[key]));
  showDrops(status.drops);
  showControls(status);
  showHint(status.hint);
  showWarnings(status.warnings ?? []);
}

async function readStatus() {
  const answer = await get("status.json");
  find("expired").hidden = answer.status !== 401 && answer.status !== 403;
  if (!find("expired").hidden) return showState("no access", "bad");
  if (!answer.ok) throw new Error(`status.json: ${answer.status}`);
  return show(await answer.json());
}

async function showStatus() {
  let misses = 0;
  for (;;) {
    await untilVisible();
    try {
      await readStatus();
      misses = 0;
    } catch {
      misses += 1;
      if (misses > 1) showState("not answering", "bad");
    }
    find("silent").hidden = misses < 2;
    await sleep(STATUS_MS);
  }
}

await enter().catch(() => {});
showPictures();
showStatus();
