// The wipe between before and after, and what else a drag on the picture means.

import { change } from "./commands.js";
import { find } from "./dom.js";
import { onStatus } from "./status.js";
import { magnification, moveView } from "./view.js";

const stage = find("stage");
const divider = find("divider");
let wipe = 50;
let published = { zoom: 1, pan_x: 0, pan_y: 0 };
let drag = null; // what the pointer does while it is held: takes its event

function setWipe(percent) {
  wipe = Math.min(100, Math.max(0, percent));
  stage.style.setProperty("--wipe", `${wipe}%`);
  const before = Math.round(wipe);
  divider.setAttribute("aria-valuenow", before);
  divider.setAttribute("aria-valuetext", `${before}% before, ${100 - before}% after`);
}

function wipeTo(event) {
  const box = stage.getBoundingClientRect();
  setWipe(((event.clientX - box.left) / box.width) * 100);
}

/** What a drag does that begins here: the divider wipes, the picture is moved where it is larger than shown. */
function dragFrom(event) {
  const isWipe = stage.dataset.layout === "wipe";
  if (isWipe && divider.contains(event.target)) return wipeTo;
  if (magnification() > 1) return movesView(event);
  if (published.zoom > 1) return pans(event);
  return isWipe ? wipeTo : null;
}

function movesView(start) {
  let { clientX, clientY } = start;
  return (event) => {
    moveView((event.clientX - clientX) / find("after").clientWidth, (event.clientY - clientY) / find("after").clientHeight);
    ({ clientX, clientY } = event);
  };
}

/** The published picture follows the pointer: it hides (zoom - 1) of its own width, half of it at either side. */
function pans(start) {
  const from = { ...published };
  const box = find("after").getBoundingClientRect();
  const panned = (pan, pixels, side) => {
    const wanted = pan - (2 * pixels) / side / (from.zoom - 1);
    return Math.round(Math.min(1, Math.max(-1, wanted)) * 100) / 100;
  };
  return (event) => change({
    pan_x: panned(from.pan_x, event.clientX - start.clientX, box.width),
    pan_y: panned(from.pan_y, event.clientY - start.clientY, box.height),
  });
}

stage.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  drag = dragFrom(event);
  if (!drag) return;
  stage.setPointerCapture(event.pointerId);
  if (drag === wipeTo) wipeTo(event);
  else event.preventDefault();
});
stage.addEventListener("pointermove", (event) => {
  if (stage.hasPointerCapture(event.pointerId)) drag?.(event);
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

onStatus((status) => {
  published = { zoom: 1, pan_x: 0, pan_y: 0, ...status.picture };
  stage.dataset.pans = String(published.zoom > 1 && magnification() === 1);
});
