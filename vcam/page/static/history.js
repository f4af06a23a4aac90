// The last five minutes in charts, drawn while their tab is open.

import { Chart } from "./charts.js";
import { find, repeat } from "./dom.js";
import { nameCause } from "./numbers.js";
import { read } from "./session.js";
import { isOpen, onOpen } from "./tabs.js";

const REFRESH_MS = 2000;

const CHARTS = [
  [new Chart("Frame rate", "fps", 1), (series) => ({ "": series.fps })],
  [new Chart("Age of a frame", "ms"), (series) => ({ p50: series.age_p50, p95: series.age_p95 })],
  [new Chart("Time of each stage", "ms", 1), (series) => series.stage_ms],
  [new Chart("Dropped a minute", ""), (series) => named(series.drops_per_min)],
  [new Chart("Simulated link", "kbps"), (series) => ({ "": series.kbps })],
  [new Chart("Gain over the link", "dB", 1), (series) => ({ "": series.gain_db })],
];

function named(causes) {
  const happened = Object.entries(causes).filter(([, counts]) => counts.some((count) => count > 0));
  return Object.fromEntries(happened.map(([cause, counts]) => [nameCause(cause), counts]));
}

async function refresh() {
  const history = await read("history");
  if (!history) return;
  const shown = CHARTS.map(([chart, linesOf]) => [chart, linesOf(history.series) ?? {}])
    .filter(([, lines]) => Object.values(lines).some((values) => values?.some(Number.isFinite)));
  const elements = shown.map(([chart]) => chart.element);
  const box = find("charts");
  if (elements.length !== box.children.length || elements.some((each, index) => each !== box.children[index])) {
    box.replaceChildren(...elements);
  }
  for (const [chart, lines] of shown) chart.show(lines, lengthOf(lines) * history.step_s);
}

function lengthOf(lines) {
  return Math.max(0, ...Object.values(lines).map((values) => values.length));
}

onOpen("numbers", refresh);

/** Go on drawing for as long as the page lives. */
export function showHistory() {
  return repeat(REFRESH_MS, () => (isOpen("numbers") ? refresh() : null));
}
