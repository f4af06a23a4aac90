// The live picture: the newest pair of before and after, drawn on a canvas each.

import { find, setText, sleep, untilVisible } from "./dom.js";
import { get } from "./session.js";
import { onStatus } from "./status.js";

const FRAME_MS = 1000 / 30;
const LONGEST_WAIT_MS = 4000;
const NARROWEST = 320;
const WIDEST = 1280; // pixels of a side; magnified, more of them are seen
const WIDEST_MAGNIFIED = 1920;

const stage = find("stage");
const sides = [find("before"), find("after")];

export async function showPictures() {
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

function wantedWidth() {
  const magnified = Number(stage.dataset.magnified ?? 1);
  const pixels = sides[1].clientWidth * Math.min(devicePixelRatio, 2) * magnified;
  const widest = magnified > 1 ? WIDEST_MAGNIFIED : WIDEST;
  return Math.min(widest, Math.max(NARROWEST, Math.ceil(pixels / 64) * 64));
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

function draw(pair) {
  const width = pair.width / 2;
  sides.forEach((canvas, side) => {
    if (canvas.width !== width || canvas.height !== pair.height) {
      canvas.width = width;
      canvas.height = pair.height;
      stage.style.setProperty("--ratio", width / pair.height);
    }
    canvas.getContext("2d").drawImage(pair, side * width, 0, width, pair.height, 0, 0, width, pair.height);
  });
}

onStatus((status) => {
  setText("before-words", status.link ? ": what the link delivers" : ": what the camera delivers");
});
