// The bandwidth of the simulated link over time: drawn with the pointer, or written as one rate for each second.

import { isHeld, showFailure } from "./commands.js";
import { find, svg } from "./dom.js";
import { changeLink, partOf } from "./link.js";
import { onStatus } from "./status.js";

const SECONDS = 30;
const [LEAST, MOST] = [20, 4000]; // kbps, on a logarithmic axis
const [WIDTH, HEIGHT] = [300, 120];
const GRID = [50, 100, 200, 500, 1000, 2000];
const USUAL = 400; // of seconds that were not drawn

const plot = find("trace-plot");
const field = find("trace-rates");
let rates = [];
let isDrawing = false;
let before = null; // the second that was drawn last

const heightOf = (kbps) => HEIGHT * (1 - Math.log(kbps / LEAST) / Math.log(MOST / LEAST));
const within = (value, low, high) => Math.min(high, Math.max(low, value));

function draw() {
  const step = WIDTH / Math.max(rates.length, 1);
  const levels = rates.map((rate, second) => {
    const y = heightOf(within(rate, LEAST, MOST)).toFixed(1);
    return `L${(second * step).toFixed(1)} ${y}L${((second + 1) * step).toFixed(1)} ${y}`;
  });
  const grid = GRID.map(heightOf).map((y) => svg("line", { x1: 0, x2: WIDTH, y1: y, y2: y }));
  const line = levels.length ? [svg("path", { d: `M0 ${HEIGHT}${levels.join("")}L${WIDTH} ${HEIGHT}Z` })] : [];
  plot.replaceChildren(...grid, ...line);
  find("trace-off").disabled = !partOf("trace");
}

function drawTo(event) {
  const box = plot.getBoundingClientRect();
  if (rates.length !== SECONDS) rates = Array(SECONDS).fill(rates[0] ?? USUAL);
  const second = within(Math.floor(((event.clientX - box.left) / box.width) * SECONDS), 0, SECONDS - 1);
  const share = within(1 - (event.clientY - box.top) / box.height, 0, 1);
  const kbps = Math.round((LEAST * (MOST / LEAST) ** share) / 10) * 10;
  const [from, to] = [before ?? second, second].sort((one, other) => one - other);
  for (let each = from; each <= to; each += 1) rates[each] = kbps; // a fast pointer leaves seconds out
  before = second;
  field.value = rates.join(" ");
  draw();
}

function use() {
  if (rates.length < 2) return showFailure("A bandwidth over time needs two rates or more, for example: 800 200 400");
  return changeLink({ trace: rates.join(":") });
}

plot.addEventListener("pointerdown", (event) => {
  plot.setPointerCapture(event.pointerId);
  isDrawing = true;
  before = null;
  drawTo(event);
});
plot.addEventListener("pointermove", (event) => {
  if (isDrawing) drawTo(event);
});
plot.addEventListener("pointerup", () => {
  isDrawing = false;
  use();
});
plot.addEventListener("pointercancel", () => { isDrawing = false; });
field.addEventListener("change", () => {
  rates = (field.value.match(/\d+(\.\d+)?/g) ?? []).map(Number);
  draw();
  use();
});
find("trace-off").addEventListener("click", () => changeLink({ trace: null }));

onStatus(() => {
  const trace = partOf("trace");
  if (isDrawing || isHeld(plot) || field === document.activeElement) return;
  rates = /^[\d.:]+$/.test(trace ?? "") ? trace.split(":").map(Number) : [];
  field.value = rates.join(" ");
  draw();
});
