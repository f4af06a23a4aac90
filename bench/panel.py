"""What does a person see? The README's picture: the panel while a webcam films a dim room.

    python -m bench.panel docs/panel.png [--camera N] [--dark] [--after-s 8]

Films the bundled clip with a simulated webcam into a file without loss, starts a camera of its own on that
file, opens its panel in Debian's Chromium (with Playwright) and takes a picture of the window. Needs an idle
machine: else the panel shows warnings of a slow one.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from bench.live import folders_in, sharpkd
from distill.damage.cameras import CAMERAS
from vcam.control.client import ControlClient
from vcam.sinks import FileSink
from vcam.sources.file import FileSource
from vcam.sources.sample import SAMPLE_PATH

CHROMIUM = "/usr/bin/chromium"
WINDOW = {"width": 1280, "height": 800}
FPS = 30
WAIT_MS = 60_000


def film(path: Path, camera: str) -> None:
    """Write the bundled clip as a webcam sees it."""
    with FileSource(SAMPLE_PATH, realtime=False) as source:
        scene = list(source)
    with FileSink(path, scene[0].size, FPS, lossless=True) as sink:
        for frame in CAMERAS[camera].shoot(scene, np.random.default_rng(0)):
            sink.send(frame)


def photograph(address: str, output: Path, is_dark: bool, after_s: float) -> None:
    """Open the panel, and write what its window shows after some seconds."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        # a str is not yet a Literal
        page = browser.new_page(viewport=WINDOW, color_scheme="dark" if is_dark else "light")  # type: ignore[arg-type]
        page.goto(address)
        page.wait_for_selector("#stage[data-shows=picture]", timeout=WAIT_MS)
        time.sleep(after_s)
        page.screenshot(path=output)
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("--camera", choices=CAMERAS, default="N")
    parser.add_argument("--dark", action="store_true", help="the panel's dark colours")
    parser.add_argument("--after-s", type=float, default=8.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        film(home / "webcam.mkv", arguments.camera)
        config = Path(folders_in(home)["XDG_CONFIG_HOME"]) / "sharpkd" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text(
            f'source = "{home / "webcam.mkv"}"\nsink = "null"\nsize = "640x480"\nmodel = "fast"\n'
        )
        sharpkd("start", home=home)
        try:
            client = ControlClient(Path(folders_in(home)["XDG_RUNTIME_DIR"]) / "sharpkd" / "control.sock")
            photograph(client.page_url(), arguments.output, arguments.dark, arguments.after_s)
        finally:
            sharpkd("stop", home=home)


if __name__ == "__main__":
    main()
