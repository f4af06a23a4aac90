// Loads a pair of clips whole, then plays it: nothing stutters, and nothing is fetched while it plays.

import { find, setText, sleep } from "./dom.js";
import { readClip } from "./server.js";

const TITLE_MS = 1000; // of grey with the clip's name before it, as P.910 has it between clips
const NAMES = { sequential: ["First clip", "Second clip"], side: ["Left", "Right"] };

const videos = [find("video-1"), find("video-2")];
let current = 0; // pairs loaded so far: what was awaited for an earlier one is given up

export async function loadPair({ number, layout }) {
  current += 1;
  const mine = current;
  find("stage").dataset.layout = layout;
  veil("Loading");
  const shares = [0, 0];
  find("loading").hidden = false;
  const clips = await Promise.all([1, 2].map((place) => readClip(number, place, (share) => {
    shares[place - 1] = share;
    if (mine === current) find("loading").value = (shares[0] + shares[1]) / 2;
  })));
  if (mine !== current) return;
  await Promise.all(clips.map((clip, index) => ready(videos[index], clip)));
  find("loading").hidden = true;
}

function ready(video, clip) {
  video.src = URL.createObjectURL(clip);
  video.load();
  return new Promise((resolve, reject) => {
    video.addEventListener("canplaythrough", resolve, { once: true });
    video.addEventListener("error", () => reject(new Error("This browser cannot play VP9 in WebM; use Chromium, Chrome or Firefox.")),
      { once: true });
  });
}

/** Whether the clips are shown with all of their pixels. */
export function isWhole() {
  return videos.every((video) => video.clientWidth >= video.videoWidth);
}

/** Forget the clips that were loaded. */
export function releasePair() {
  current += 1;
  for (const video of videos) {
    video.pause();
    video.classList.remove("is-shown");
    if (video.src) URL.revokeObjectURL(video.src);
    video.removeAttribute("src");
    video.load();
  }
}

/** Play both clips; comes back when they have ended. */
export async function playPair(layout) {
  const mine = current;
  const names = NAMES[layout];
  find("stage").scrollIntoView({ block: "nearest" });
  if (layout === "side") await play(videos, names.join(" and "), mine);
  else for (const [index, video] of videos.entries()) await play([video], names[index], mine);
  if (mine === current) veil("");
}

async function play(shown, name, mine) {
  veil(name);
  setText("said", name);
  await sleep(TITLE_MS);
  if (mine !== current) return;
  for (const video of shown) video.currentTime = 0;
  for (const video of shown) video.classList.add("is-shown");
  const ends = shown.map((video) => new Promise((resolve) => {
    video.addEventListener("ended", resolve, { once: true });
    video.addEventListener("emptied", resolve, { once: true });
  }));
  await started(shown);
  find("veil").hidden = true;
  await Promise.all(ends);
  for (const video of shown) video.classList.remove("is-shown");
}

/** Start them; where the browser wants a click first, ask for one. */
async function started(shown) {
  try {
    await Promise.all(shown.map((video) => video.play()));
  } catch (error) {
    if (error.name !== "NotAllowedError") return; // it was released
    const button = find("play");
    button.hidden = false;
    button.focus();
    await new Promise((resolve) => button.addEventListener("click", resolve, { once: true }));
    button.hidden = true;
    await Promise.all(shown.map((video) => video.play()));
  }
}

function veil(text) {
  find("veil").hidden = false;
  setText("veil-text", text);
}
