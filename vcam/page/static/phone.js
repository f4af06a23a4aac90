// A phone as the camera: off until its user switches it on, then a code to scan, and who is connected.

import { act } from "./commands.js";
import { find, setText, svg } from "./dom.js";
import { read } from "./session.js";
import { onSettings, readSettings } from "./settings.js";
import { onStatus } from "./status.js";
import { isOpen, onOpen } from "./tabs.js";

const USUAL = "auto"; // the camera that was used last

const dialog = find("phone-dialog");
let source = null; // the setting; null where it is not known
let drawn = "";

const isOn = () => (source ?? "").startsWith("whip:");

/** The rows of a QR code, of 0 and 1, as one path of dark squares. */
function drawCode(rows) {
  const text = rows.join("\n");
  if (drawn === text) return;
  drawn = text;
  const path = rows.flatMap((row, y) => [...row].map((sign, x) => (sign === "1" ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  const box = find("phone-code");
  box.setAttribute("viewBox", `0 0 ${rows.length} ${rows.length}`);
  box.replaceChildren(svg("path", { d: path }));
}

function say(phone) {
  if (!isOn()) return "Off. Nothing listens on your network.";
  if (!phone?.is_on) return "Switched on, but not ready: it is while the camera runs.";
  if (!phone.sender) return "No phone is connected. Scan the code with a phone in the same network.";
  return `Connected: ${phone.sender.address}, since ${new Date(phone.sender.since * 1000).toLocaleTimeString()}.`;
}

async function show() {
  const phone = isOn() ? await read("phone") : null;
  find("phone-on").hidden = isOn();
  find("phone-off").hidden = !isOn();
  const isInvited = Boolean(isOn() && phone?.is_on);
  find("phone-invitation").hidden = !isInvited;
  if (isInvited) {
    drawCode(phone.code);
    setText("phone-url", phone.url);
  } else {
    drawn = "";
    find("phone-code").replaceChildren();
    setText("phone-url", "");
  }
  setText("phone-state", say(phone));
}

async function choose(wanted) {
  await act({ set: { source: wanted } });
  await readSettings();
  await show();
}

find("phone-on").addEventListener("click", () => dialog.showModal());
find("phone-no").addEventListener("click", () => dialog.close());
find("phone-yes").addEventListener("click", async () => {
  dialog.close();
  const phone = await read("phone");
  if (phone) choose(phone.source);
});
find("phone-off").addEventListener("click", () => choose(USUAL));

onOpen("camera", show);
onSettings((settings) => {
  source = settings.source?.value ?? null;
  if (isOpen("camera")) show();
});
onStatus(() => {
  if (isOn() && isOpen("camera")) show();
});
