// The phone's page: after its user's click it reads the camera and sends its picture by WHIP, until Stop.

const RETRY_MS = 2000; // between attempts to reach the computer again
const GATHER_MS = 1500; // for the ways to reach this phone; those of the own network are known at once
const LOST_MS = 4000; // a connection that is cut for longer is made again
const MOST_BPS = 6000000;
const IDLE = "Nothing is sent. Press Start to send this phone's picture to your computer.";
const INPUTS = ["start", "facing", "height"];
const REFUSED = {
  NotAllowedError: "This page may not use the camera. Allow it in the browser's settings for this address, then press Start.",
  NotFoundError: "This device has no camera that the browser can use.",
  NotReadableError: "Another app is using the camera. Close it, then press Start.",
  OverconstrainedError: "This camera has no such picture. Choose another camera or picture.",
  AbortError: "The camera did not start. Press Start again.",
};

const find = (id) => document.getElementById(id);
const [name, token] = location.hash.slice(1).split("=");

let stream = null; // the camera, open from Start to Stop
let connection = null;
let place = null; // the address of our session on the computer
let attempt = 0; // counts starts: what an older one still does is of no interest
let lock = null;

function show(text, tone = "quiet") {
  find("state").textContent = text;
  find("state").dataset.tone = tone;
}

function showButtons(isStarted) {
  find("start").hidden = isStarted;
  find("stop").hidden = !isStarted;
}

function openCamera() {
  const height = Number(find("height").value);
  const video = {
    facingMode: { ideal: find("facing").value },
    width: { ideal: Math.round(height * 16 / 9) },
    height: { ideal: height },
    frameRate: { ideal: 30, max: 30 },
  };
  return navigator.mediaDevices.getUserMedia({ video, audio: false });
}

/** Open the camera for this start; its track, or nothing if it does not open or Stop was pressed meanwhile. */
async function takeCamera(mine) {
  const inputs = INPUTS.map(find);
  for (const input of inputs) input.disabled = true; // what is opened twice is closed once
  try {
    const opened = await openCamera();
    const [track] = opened.getVideoTracks();
    if (mine !== attempt) return void track.stop();
    stream = opened;
    track.contentHint = "detail";
    track.addEventListener("ended", () => {
      if (opened === stream) stop("The camera was taken away by the system or another app. Press Start.", "bad");
    });
    find("preview").srcObject = opened;
    return track;
  } catch (error) {
    if (mine === attempt) stop(REFUSED[error.name] ?? `The camera does not start: ${error.message}`, "bad");
  } finally {
    for (const input of inputs) input.disabled = false;
  }
}

function closeCamera() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  find("preview").srcObject = null;
}

async function keepAwake() {
  if (!stream || document.hidden) return;
  const taken = await navigator.wakeLock?.request("screen").catch(() => null) ?? null;
  if (stream) lock = taken;
  else taken?.release().catch(() => {}); // Stop was pressed meanwhile
}

async function start() {
  const mine = ++attempt;
  if (!name || !token) return show("This address has no code in it. Scan the one that the computer shows.", "bad");
  if (!navigator.mediaDevices) return show("This browser gives no page the camera here. Try another browser.", "bad");
  show("Waiting for the camera. The browser may ask whether this page may use it.");
  find("start").disabled = true;
  if (!await takeCamera(mine)) return;
  showButtons(true);
  keepAwake();
  show("Connecting to the computer.");
  keepSending(mine);
}

/** Connect, and again whenever that fails or is lost, until Stop. */
async function keepSending(mine) {
  while (mine === attempt) {
    try {
      const made = await connect(mine);
      if (mine !== attempt) return;
      show("Your computer receives this picture.", "good");
      await untilLost(made);
      if (mine !== attempt) return; // else the next start's connection would be ended
      show("The connection to the computer was lost. Trying again.", "bad");
    } catch (error) {
      if (mine !== attempt) return;
      if (error.isFinal) return stop(error.message, "bad");
      show(`${error.message} Trying again.`, "bad");
    }
    await disconnect();
    if (mine === attempt) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Send to the computer; the connection once it is there, nothing if Stop was pressed meanwhile. */
async function connect(mine) {
  const made = new RTCPeerConnection({ iceServers: [] });
  connection = made;
  const [track] = stream.getVideoTracks();
  const { sender } = made.addTransceiver(track, { direction: "sendonly", streams: [stream] });
  await made.setLocalDescription(await made.createOffer());
  await untilGathered(made);
  const answer = await post(made.localDescription.sdp);
  if (mine !== attempt) return endSession(answer.place); // Stop was pressed meanwhile
  place = answer.place;
  await made.setRemoteDescription({ type: "answer", sdp: answer.sdp });
  limit(sender);
  await untilConnected(made);
  return made;
}

/** Offer to send: the answer's description, and the place of our session. */
async function post(sdp) {
  let answer = null;
  try {
    answer = await fetch(`/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/sdp", Authorization: `Bearer ${token}` },
      body: sdp,
    });
  } catch {
    throw new Error("The computer does not answer: it is paused, or nobody watches its camera, or the network is another.");
  }
  const text = await answer.text();
  if (answer.status === 201) return { sdp: text, place: answer.headers.get("Location") };
  const error = new Error(text.charAt(0).toUpperCase() + text.slice(1) + ".");
  error.isFinal = [400, 401, 404].includes(answer.status);
  throw error;
}

function limit(sender) {
  const parameters = sender.getParameters();
  for (const encoding of parameters.encodings ?? []) encoding.maxBitrate = MOST_BPS;
  parameters.degradationPreference = "maintain-resolution";
  sender.setParameters(parameters).catch(() => {});
}

function until(target, event, isSo, most_ms, failure) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => finish(failure ? () => reject(new Error(failure)) : resolve), most_ms);
    const look = () => { if (isSo()) finish(resolve); };
    function finish(end) {
      clearTimeout(timer);
      target.removeEventListener(event, look);
      end();
    }
    target.addEventListener(event, look);
    look();
  });
}

function untilGathered(made) {
  return until(made, "icegatheringstatechange", () => made.iceGatheringState === "complete", GATHER_MS);
}

function untilConnected(made) {
  const failure = "The computer answers, but the picture does not get through the network.";
  return until(made, "connectionstatechange", () => made.connectionState === "connected", 15000, failure);
}

/** Wait until a connection is over, or was cut for longer than a moment. */
function untilLost(made) {
  return new Promise((resolve) => {
    let timer = null;
    const look = () => {
      clearTimeout(timer);
      if (["failed", "closed"].includes(made.connectionState)) resolve();
      if (made.connectionState === "disconnected") timer = setTimeout(resolve, LOST_MS);
    };
    made.addEventListener("connectionstatechange", look);
    look();
  });
}

async function disconnect() {
  const [made, ended] = [connection, place];
  connection = place = null;
  made?.close(); // first: nothing is sent from here on, whatever the network does
  if (ended) await endSession(ended);
}

async function endSession(ended) {
  const headers = { Authorization: `Bearer ${token}` };
  await fetch(ended, { method: "DELETE", headers, keepalive: true }).catch(() => {});
}

function stop(text = IDLE, tone = "quiet") {
  attempt += 1;
  closeCamera();
  lock?.release().catch(() => {});
  lock = null;
  showButtons(false);
  show(text, tone);
  return disconnect();
}

/** Another camera or picture, while the connection stays. */
async function change() {
  if (!stream) return;
  for (const track of stream.getTracks()) track.stop(); // phones open only one camera at a time
  const track = await takeCamera(attempt);
  if (track) await connection?.getSenders()[0]?.replaceTrack(track).catch(() => {});
}

for (const id of INPUTS) find(id).disabled = false; // Firefox keeps them as they were before a reload
find("start").addEventListener("click", start);
find("stop").addEventListener("click", () => stop());
find("facing").addEventListener("change", change);
find("height").addEventListener("change", change);
document.addEventListener("visibilitychange", keepAwake);
addEventListener("pagehide", () => stop());
addEventListener("hashchange", () => location.reload()); // another code was scanned
