"""Chromium lists the camera, opens it by its name and shows its pixels on a page."""

import base64
import http.server
import json
import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any, ClassVar

from guest import camera, webcam
from guest.host import until
from guest.pixels import PATTERNS, SIZE, farthest, rgb_of
from guest.report import OUT, Report, SkipError, note

PORT = 8000  # named in the browser's policy
PAGE = Path(__file__).with_name("page.html")
LIMIT_S = 240
TOLERANCE = 6  # Chromium converts to RGB by its own way, and the canvas rounds once more
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--use-fake-ui-for-media-stream", "--mute-audio"),
    *(
        "--autoplay-policy=no-user-gesture-required",
        "--disable-background-networking",
        "--disable-extensions",
    ),
    *("--user-data-dir=/tmp/chromium", "--remote-debugging-port=9222"),
)


class Page(http.server.BaseHTTPRequestHandler):
    """Serves the page, and takes what it reports."""

    said: ClassVar[dict[str, Any]] = {}  # by event; one browser at a time

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE.read_bytes())

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Page.said[content.pop("event")] = content
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def check(report: Report, version: str) -> None:
    program = shutil.which("chromium-headless-shell")
    with report.check("Chromium lists the camera by its name"):
        if program is None:
            raise SkipError("chromium-headless-shell is not there")
        webcam.show(webcam.BARS_75)
        browser = _open(program)
        devices = until("a list of devices", lambda: Page.said.get("devices") or _failure(), LIMIT_S)
        note(str(devices))
        assert any(camera.CARD in label for label in devices["labels"]), devices
    if program is None:
        return
    with report.check("Chromium's page shows the restored picture"):
        seen = until("pixels", lambda: Page.said.get("pixels") or _failure(), LIMIT_S)
        until("the page's end", lambda: "done" in Page.said, 60)
        picture = base64.b64decode(Page.said["picture"]["png"].partition(",")[2])
        (OUT / f"chromium-{version}.png").write_bytes(picture)
        note(str(seen))
        assert (seen["width"], seen["height"]) == SIZE, seen
        assert camera.CARD in seen["label"], seen
        wanted = [rgb_of((y + camera.BRIGHTER, u, v)) for y, u, v in PATTERNS[webcam.BARS_75]]
        off = farthest(seen["bars"], wanted)
        assert off <= TOLERANCE, f"off by {off}: {seen['bars']}, expected {wanted}"
    with report.check("Chromium's watching opens the webcam, its leaving closes it"):
        assert camera.has_webcam_open()
        os.killpg(browser.pid, signal.SIGTERM)  # the program is a script that starts it
        browser.wait(30)
        camera.until_state("idle", 60)


def _open(program: str) -> subprocess.Popen[bytes]:
    Page.said.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with (OUT / "chromium.log").open("wb") as log:
        return subprocess.Popen(
            [program, *FLAGS, f"http://127.0.0.1:{PORT}/"], stdout=log, stderr=log, start_new_session=True
        )


def _failure() -> None:
    assert "error" not in Page.said, Page.said["error"]
