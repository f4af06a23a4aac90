// A picture or a recording of what is published.

import { act, showFailure } from "./commands.js";
import { find, format, make, setText } from "./dom.js";
import { get } from "./session.js";
import { onStatus } from "./status.js";

const SNAPSHOT_MS = 10000;
const SAVING_MS = 60000; // in which a browser reads what it saves; Safari begins after the click

const record = find("record");

async function takeSnapshot() {
  try {
    const answer = await get("snapshot.png?side=after", SNAPSHOT_MS);
    if (!answer.ok) throw new Error(`snapshot.png: ${answer.status}`);
    const address = URL.createObjectURL(await answer.blob());
    const moment = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
    make("a", { href: address, download: `sharpkd-${moment}.png` }).click();
    setTimeout(() => URL.revokeObjectURL(address), SAVING_MS);
  } catch {
    showFailure("No snapshot was taken; is the camera running?");
  }
}

find("snapshot").addEventListener("click", takeSnapshot);
record.addEventListener("click", () => act({ record: record.getAttribute("aria-pressed") !== "true" }));

function lasted(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

onStatus((status) => {
  find("snapshot").hidden = record.hidden = status.recording === undefined; // a camera that can do neither
  const recording = status.recording ?? null;
  record.setAttribute("aria-pressed", String(recording !== null));
  setText("record-text", recording ? "Stop recording" : "Record");
  find("recording").hidden = recording === null;
  if (!recording) return;
  const dropped = recording.dropped ? `, ${format(recording.dropped)} dropped` : "";
  setText("recording-text", `${lasted(recording.seconds)} ${recording.file.split("/").at(-1)}${dropped}`);
});
