// What the page's script uses of a browser, and no more: a name that is missing here fails the test that needs it.
// Time is a number that tests move. `tree` and `answer` come from fake_browser.py.

const browser = {
  now: 0,
  timers: [], // [due in ms, what to call]
  asked: [], // every request
  drawn: [], // every picture drawn on a canvas: the canvas, then drawImage's numbers
  errors: [],
  captured: null, // the element that holds the pointer
  active: null, // the element that is pressed
  clipboard: "",
  canCopy: true,
  selected: null,
};

class Target {
  constructor() { this.listeners = {}; }
  addEventListener(kind, listener, options = {}) {
    (this.listeners[kind] ??= []).push({ listener, once: options.once ?? false });
  }
  dispatch(kind, event = {}) {
    const heard = this.listeners[kind] ?? [];
    this.listeners[kind] = heard.filter((each) => !each.once);
    const full = { defaultPrevented: false, preventDefault() { this.defaultPrevented = true; }, ...event };
    for (const { listener } of heard) listener(full);
    return full.defaultPrevented;
  }
}

class Element extends Target {
  constructor(tag, attributes = {}) {
    super();
    this.tag = tag;
    this.attributes = { ...attributes };
    this.children = [];
    this.parent = null;
    this.own = ""; // its text, if it has no children
    this.hidden = "hidden" in attributes;
    this.disabled = "disabled" in attributes;
    this.checked = "checked" in attributes;
    this.width = Number(attributes.width ?? 0);
    this.height = Number(attributes.height ?? 0);
    this.clientWidth = 640;
    this.clientHeight = 360;
    this.dataset = {};
    for (const name of Object.keys(attributes)) {
      if (name.startsWith("data-")) this.dataset[name.slice(5)] = attributes[name];
    }
    const properties = {};
    this.style = { properties, setProperty: (name, value) => { properties[name] = value; } };
    this.text = attributes.value ?? "";
  }
  get id() { return this.attributes.id; }
  get value() { return this.text; }
  set value(value) { this.text = String(value); }
  get valueAsNumber() { return this.text === "" ? NaN : Number(this.text); }
  get labels() {
    return document.all().filter((each) => each.tag === "label" && (each.attributes.for === this.id || each.contains(this)));
  }
  get parentElement() { return this.parent; }
  get options() { return this.children; }
  get textContent() { return this.own + this.children.map((child) => child.textContent).join(""); }
  set textContent(text) { this.children = []; this.own = String(text); }
  contains(other) { return other === this || this.children.some((child) => child.contains(other)); }
  focus() { document.activeElement = this; }
  toJSON() { return this.id ?? this.tag; }
  showModal() { this.open = true; }
  close() { this.open = false; }
  getAttribute(name) { return this.attributes[name] ?? null; }
  setAttribute(name, value) {
    this.attributes[name] = String(value);
    if (name === "value") this.text = String(value);
    if (["hidden", "disabled", "checked"].includes(name)) this[name] = true;
    if (name.startsWith("data-")) this.dataset[name.slice(5)] = String(value);
  }
  replaceChildren(...children) {
    this.own = "";
    this.children = children;
    for (const child of children) child.parent = this;
  }
  matches(selector) {
    if (selector !== ":active") throw new Error(`the fake browser does not know ${selector}`);
    return browser.active === this;
  }
  getBoundingClientRect() { return { left: 100, top: 50, width: 400, height: 300 }; }
  setPointerCapture(pointer) { browser.captured = [this, pointer]; }
  hasPointerCapture(pointer) { return browser.captured?.[0] === this && browser.captured[1] === pointer; }
  getContext() {
    return { drawImage: (picture, ...numbers) => browser.drawn.push([this.id, picture.content, ...numbers]) };
  }
}

class Option extends Element {
  constructor(text, value) {
    super("option", { value });
    this.own = text;
  }
}

const document = new Target();
document.hidden = false;
document.root = (function grow([tag, attributes, parts]) {
  const element = new Element(tag, attributes);
  for (const part of parts) {
    if (typeof part === "string" && parts.length === 1) element.own = part;
    else if (typeof part !== "string") element.children.push(Object.assign(grow(part), { parent: element }));
  }
  return element;
})(tree);
document.all = (root = document.root) => [root, ...root.children.flatMap((child) => document.all(child))];
document.getElementById = (id) => document.all().find((element) => element.id === id) ?? null;
document.documentElement = document.all().find((element) => element.tag === "html");
document.activeElement = null;
document.createElement = (tag) => new Element(tag);
document.createElementNS = (space, tag) => new Element(tag);
document.querySelectorAll = (selector) => {
  const [, tag, name, value] = selector.match(/^(\w*)\[([\w-]+)(?:=([\w-]+))?\]$/);
  const isMeant = (found) => (value === undefined ? found !== undefined : found === value);
  return document.all().filter((each) => (!tag || each.tag === tag) && isMeant(each.attributes[name]));
};

const window = new Target();
const addEventListener = window.addEventListener.bind(window);
const devicePixelRatio = 1;
const location = { hash: "", pathname: "/" };
const history = { replaceState: (state, title, url) => { location.hash = ""; location.pathname = url; } };
const performance = { now: () => browser.now };
const navigator = {
  clipboard: {
    writeText: async (text) => {
      if (!browser.canCopy) throw new Error("not allowed");
      browser.clipboard = text;
    },
  },
};
const getSelection = () => ({ selectAllChildren: (element) => { browser.selected = element.id; } });
const sessionStorage = {
  getItem: (key) => stored[key] ?? null,
  setItem: (key, value) => { stored[key] = String(value); },
};
const AbortSignal = { timeout: (ms) => ({ timeout: ms }) };

class URLSearchParams {
  constructor(text) { this.pairs = text.split("&").map((pair) => pair.split("=").map(decodeURIComponent)); }
  get(key) { return this.pairs.find(([name]) => name === key)?.[1] ?? null; }
}

function setTimeout(call, ms) {
  browser.timers.push([browser.now + ms, call]);
}

async function fetch(url, { method = "GET", headers = {}, body = null, cache = "default", signal }) {
  const request = { url, method, headers, body, cache, timeout: signal?.timeout ?? null };
  browser.asked.push(request);
  const reply = JSON.parse(answer(JSON.stringify(request)));
  if (reply === null) throw new TypeError("Failed to fetch");
  return {
    status: reply.status,
    ok: reply.status >= 200 && reply.status < 300,
    headers: { get: (name) => reply.headers[name.toLowerCase()] ?? null },
    json: async () => JSON.parse(reply.text),
    blob: async () => reply.text,
  };
}

// a picture is the text of its answer: "WIDTHxHEIGHT, and what it shows"
async function createImageBitmap(blob) {
  const size = blob.match(/^(\d+)x(\d+)/);
  if (!size) throw new Error("not a picture");
  return { content: blob, width: Number(size[1]), height: Number(size[2]), close() {} };
}

/** Call the timer that is due next, up to a moment; false if there is none. */
function runTimer(until) {
  browser.timers.sort(([a], [b]) => a - b);
  if (!browser.timers.length || browser.timers[0][0] > until) {
    browser.now = until;
    return false;
  }
  const [due, call] = browser.timers.shift();
  browser.now = Math.max(browser.now, due);
  call();
  return true;
}
