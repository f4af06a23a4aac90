// Pause, freeze and stop: what the camera does as a whole.

import { act } from "./commands.js";
import { find, setText } from "./dom.js";
import { noteStop, onStatus } from "./status.js";

const STOP_MS = 10000;

const pause = find("pause");
const freeze = find("freeze");
const dialog = find("stop-dialog");

pause.addEventListener("click", () => act(pause.dataset.does === "resume" ? { resume: true } : { pause: true }));
freeze.addEventListener("click", () => act({ freeze: freeze.getAttribute("aria-pressed") !== "true" }));
find("release").addEventListener("click", () => act({ release: true }));
find("stop").addEventListener("click", () => dialog.showModal());
find("stop-no").addEventListener("click", () => dialog.close());
find("stop-pause").addEventListener("click", () => {
  dialog.close();
  act({ pause: true });
});
find("stop-yes").addEventListener("click", async () => {
  dialog.close();
  if (await act({ stop: true }, STOP_MS)) noteStop();
});

onStatus((status) => {
  const isPaused = (status.state ?? "").startsWith("paused");
  pause.dataset.does = isPaused ? "resume" : "pause";
  setText("pause-text", isPaused ? "Resume" : "Pause");
  freeze.setAttribute("aria-pressed", String(Boolean(status.is_frozen)));
  setText("freeze-text", status.is_frozen ? "Unfreeze" : "Freeze");
});
