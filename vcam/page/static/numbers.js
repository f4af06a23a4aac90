// The numbers of the status, wherever the page shows one as text.

import { DASH, find, format, make, setText, words } from "./dom.js";
import { onStatus } from "./status.js";

const CAUSES = {
  source: "Lost by the source",
  busy: "Came while busy",
  unsent: "Replaced before sending",
  failed: "Restoration failed",
  unpublished: "No output to send to",
  link_skipped: "Left out by the link",
  link_lost: "Lost on the link",
};

/** A cause of drops in words. */
export function nameCause(cause) {
  return CAUSES[cause] ?? cause;
}

function showDrops(drops) {
  const causes = Object.entries(drops ?? {}).filter(([, count]) => count > 0);
  setText("drops", drops ? String(causes.reduce((sum, [, count]) => sum + count, 0)) : DASH);
  const rows = causes.length ? causes : [["", drops ? "0" : DASH]];
  find("causes").replaceChildren(...rows.flatMap(([cause, count]) => [
    make("dt", { text: cause ? nameCause(cause) : "None so far" }),
    make("dd", { text: String(count) }),
  ]));
}

function showWatchers(names) {
  find("watchers").hidden = names.length === 0;
  setText("watchers", `${names.join(", ")} ${names.length > 1 ? "watch" : "watches"}`);
  setText("watched", names.length ? names.join(", ") : "nobody who can be named");
}

function lasted(seconds) {
  if (!Number.isFinite(seconds)) return DASH;
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours) return `${hours} h ${minutes % 60} min`;
  return minutes ? `${minutes} min` : `${Math.floor(seconds)} s`;
}

function signed(value) {
  return Number.isFinite(value) && value > 0 ? `+${format(value, 1)}` : format(value, 1);
}

onStatus((status) => {
  setText("fps", format(status.fps, 1));
  setText("kbps", format(status.kbps));
  setText("gain", signed(status.gain_db));
  setText("age-p50", format(status.age_ms?.p50));
  setText("age-p95", format(status.age_ms?.p95));
  setText("restore-p50", format(status.stage_ms?.restore?.p50, 1));
  setText("restore-p95", format(status.stage_ms?.restore?.p95, 1));
  setText("warm-up", format(status.warm_up_ms, 1));
  setText("unchanged", Number.isFinite(status.unchanged) ? `${Math.round(status.unchanged * 100)}%` : DASH);
  setText("audio-delay", format(status.audio_delay_ms));
  setText("size", Array.isArray(status.size) ? status.size.join(" \u00d7 ") : DASH);
  setText("uptime", lasted(status.uptime_s));
  for (const key of ["model", "source", "sink", "version"]) setText(key, words(status[key]));
  setText("provider", words(status.provider).replace("ExecutionProvider", "")); // CPU, CUDA, Tensorrt
  showDrops(status.drops);
  showWatchers(status.watchers ?? []);
});
