// A chart of some lines over time: an SVG of its own, with what it shows in words.

import { DASH, make, svg } from "./dom.js";

const WIDTH = 300;
const HEIGHT = 84;

/** The smallest round number that reaches a value, for an axis. */
function roundUp(value) {
  const unit = 10 ** Math.floor(Math.log10(Math.max(value, 0.1)));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((times) => times * unit).find((round) => round >= value * 0.999);
}

/** A line through what is known, broken where it is not. */
function pathOf(values, most) {
  const step = WIDTH / Math.max(1, values.length - 1);
  let isDown = false;
  return values.map((value, index) => {
    if (!Number.isFinite(value)) {
      isDown = false;
      return "";
    }
    const command = isDown ? "L" : "M";
    isDown = true;
    return `${command}${(index * step).toFixed(1)} ${(HEIGHT - (value / most) * HEIGHT).toFixed(1)}`;
  }).join("");
}

function lastOf(values) {
  return values.findLast((value) => Number.isFinite(value));
}

function say(value, digits, unit) {
  return Number.isFinite(value) ? `${value.toFixed(digits)} ${unit}`.trim() : DASH;
}

/** A chart with a title, empty until it is shown something. */
export class Chart {
  constructor(title, unit, digits = 0) {
    this.title = title;
    this.unit = unit;
    this.digits = digits;
    this.svg = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });
    this.most = make("span", { class: "most" });
    this.keys = make("span", { class: "keys" });
    this.start = make("span");
    const plot = make("div", { class: "plot" }, this.svg, this.most);
    const ends = make("div", { class: "ends", "aria-hidden": "true" }, this.start, make("span", { text: "now" }));
    this.element = make("figure", { class: "card chart" },
      make("figcaption", {}, make("b", { text: title }), this.keys), plot, ends);
  }

  /** Show lines by their names, each of values a second, the newest last; what is not known is null. */
  show(lines, seconds) {
    const entries = Object.entries(lines);
    const known = entries.flatMap(([, values]) => values.filter(Number.isFinite));
    const most = roundUp(Math.max(0.1, ...known));
    const grid = [0, HEIGHT / 2, HEIGHT].map((y) => svg("line", { x1: 0, x2: WIDTH, y1: y, y2: y }));
    const paths = entries.map(([, values], line) => svg("path", { d: pathOf(values, most), class: `line-${line % 4}` }));
    this.svg.replaceChildren(...grid, ...paths);
    this.most.textContent = say(most, most < 1 ? 1 : 0, this.unit);
    this.start.textContent = seconds >= 60 ? `${Math.round(seconds / 60)} min ago` : `${seconds} s ago`;
    this.keys.replaceChildren(...entries.map(([name, values], line) =>
      make("span", { class: `key line-${line % 4}`, text: `${name} ${say(lastOf(values), this.digits, this.unit)}`.trim() })));
    this.svg.setAttribute("aria-label", this.inWords(entries));
  }

  inWords(entries) {
    const parts = entries.map(([name, values]) => {
      const known = values.filter(Number.isFinite);
      if (!known.length) return `${name} not known`;
      const [least, most] = [Math.min(...known), Math.max(...known)].map((value) => value.toFixed(this.digits));
      return `${name} now ${say(lastOf(values), this.digits, this.unit)}, between ${least} and ${most}`.trim();
    });
    return `${this.title}: ${parts.join("; ") || "nothing yet"}`;
  }
}
