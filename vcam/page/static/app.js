// The panel. It holds no state of the daemon: what it shows was fetched, what it changes is posted.

import { showHistory } from "./history.js";
import { showPictures } from "./picture.js";
import { enter } from "./session.js";
import { readSettings } from "./settings.js";
import { readStatus, showStatus, unlock } from "./status.js";
import "./banners.js";
import "./cameras.js";
import "./capture.js";
import "./controls.js";
import "./copying.js";
import "./doctor.js";
import "./link.js";
import "./models.js";
import "./numbers.js";
import "./opinion.js";
import "./output.js";
import "./phone.js";
import "./presets.js";
import "./switches.js";
import "./tabs.js";
import "./trace.js";
import "./wipe.js";

// a new address in the same tab
addEventListener("hashchange", async () => {
  await enter().catch(() => {});
  unlock();
  await readStatus();
});

await enter().catch(() => {});
showPictures();
showStatus();
showHistory();
readSettings();
