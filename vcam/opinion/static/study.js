// The study's page: welcome, practice, pairs and votes, thanks. What to show next is the server's to say.

import { ask, forgetSecret, hasSecret, join, useStudy } from "./server.js";
import { find, setText } from "./dom.js";
import { isWhole, loadPair, playPair, releasePair } from "./player.js";
import { askVote, hideVote } from "./vote.js";

const SMALL = "This window is smaller than the clips: enlarge it, or choose Full screen.";
const PARTS = ["welcome", "task", "done", "closed"];

let shown = null; // the trial on the page
let replays = 0;

function open(part) {
  for (const each of PARTS) find(each).hidden = each !== part;
  find(part).querySelector("h1").focus();
}

export function fail(error) {
  setText("failure-text", error.message);
  find("failure").hidden = false;
}

function tell() {
  const isTraining = shown.state === "training";
  setText("task-title", isTraining ? "Practice" : "Your judgement");
  setText("task-help", isTraining
    ? "These pairs show what can come: much worse, much better, no difference. They do not count."
    : "Judge the picture alone: how sharp, clean and natural it is. Stay at the same distance.");
  find("progress").value = (shown.number - 1) / shown.count;
  setText("progress-text", `Pair ${shown.number} of ${shown.count}`);
}

async function show(answer) {
  find("failure").hidden = true;
  releasePair();
  hideVote();
  shown = answer;
  replays = 0;
  if (answer.state === "done") {
    setText("done-text", `Your ${answer.rated} answers are kept. You can close this page.`);
    setText("code", answer.person);
    return open("done");
  }
  tell();
  if (find("task").hidden) open("task");
  else find("task-title").focus();
  await loadPair(answer);
  if (!isWhole()) setText("task-help", `${find("task-help").textContent} ${SMALL}`);
  await watch();
}

async function watch() {
  hideVote();
  await playPair(shown.layout);
  askVote(shown.layout, send);
}

async function send(score) {
  const width_px = Math.round(find("video-1").clientWidth * devicePixelRatio);
  let next = null;
  try {
    next = await ask("rating", { number: shown.number, score, replays, width_px });
  } catch (error) {
    fail(error);
    if (error.status) return resume();
    return askVote(shown.layout, send); // the server may answer again
  }
  return show(next).catch(fail);
}

async function resume() {
  try {
    await show(await ask("trial"));
  } catch (error) {
    if (error.status === 401) return welcome();
    fail(error);
  }
}

async function forget() {
  try {
    await ask("forget", {});
    forgetSecret();
    releasePair();
    setText("closed-title", "Your answers are deleted");
    setText("closed-text", "Nothing of what you said is kept. You can close this page.");
    open("closed");
  } catch (error) {
    fail(error);
  }
}

function welcome() {
  forgetSecret();
  open(location.hash.includes("key=") ? "welcome" : "closed");
}

function readAbout() {
  const number = (id) => Number(find(id).value);
  return {
    consent: find("consent").checked, screen: find("screen").value, diagonal_in: number("diagonal"),
    distance_cm: number("distance"), sight: find("sight").value, colours: find("colours").value, light: find("light").value,
    window_px: [innerWidth, innerHeight], pixel_ratio: devicePixelRatio,
  };
}

find("about").addEventListener("submit", async (event) => {
  event.preventDefault();
  find("begin").disabled = true;
  try {
    await show(await join(new URLSearchParams(location.hash.slice(1)).get("key"), readAbout()));
  } catch (error) {
    fail(error);
  }
  find("begin").disabled = false;
});
find("again").addEventListener("click", async () => {
  replays += 1;
  await watch();
});
find("full").hidden = !document.fullscreenEnabled; // a phone with Safari has none
find("full").addEventListener("click", () => {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen().catch(() => {});
});
find("stop").addEventListener("click", () => find("stop-dialog").showModal());
find("forget").addEventListener("click", () => find("stop-dialog").showModal());
find("stop-no").addEventListener("click", () => find("stop-dialog").close());
find("stop-yes").addEventListener("click", () => {
  find("stop-dialog").close();
  forget();
});
find("failure-close").addEventListener("click", () => { find("failure").hidden = true; });

find("begin").disabled = false; // Firefox keeps it as it was before a reload
const study = await (await fetch("study")).json();
useStudy(study.id);
document.title = study.title;
setText("title", study.title);
setText("minutes", String(study.minutes));
if (study.layout === "side") {
  setText("second-name", "right");
  setText("first-name", "left");
}
if (hasSecret()) await resume();
else welcome();
