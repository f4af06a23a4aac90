// A model's card: Markdown with headings, paragraphs, lists and tables, as elements. What it links to is left out.

import { make } from "./dom.js";

const plain = (text) => text.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[`*]/g, "");
const cellsOf = (line) => line.split("|").slice(1, -1).map((cell) => plain(cell.trim()));

function makeTable(lines) {
  const [head, , ...rows] = lines.map(cellsOf);
  const row = (tag, cells) => make("tr", {}, ...cells.map((text) => make(tag, { text })));
  const body = make("tbody", {}, ...rows.map((cells) => row("td", cells)));
  const table = make("table", {}, make("thead", {}, row("th", head)), body);
  return make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": `Table: ${head.join(", ")}` }, table);
}

function makeBlock(lines) {
  const text = lines.join(" ");
  if (lines[0].startsWith("#")) return make("h3", { text: plain(text.replace(/^#+ */, "")) });
  if (lines.length > 2 && lines[0].startsWith("|")) return makeTable(lines);
  if (!/^[-*] /.test(lines[0])) return make("p", { text: plain(text) });
  const items = text.split(/(?:^| )[-*] /).filter(Boolean);
  return make("ul", {}, ...items.map((item) => make("li", { text: plain(item) })));
}

/** The elements of a card, one a block of lines. */
export function renderCard(markdown) {
  const blocks = markdown.trim().split(/\n\s*\n/);
  return blocks.map((block) => makeBlock(block.split("\n").map((line) => line.trim()).filter(Boolean)));
}
