"""The browsers that the pages are tried in: how each is started, and how it is told what its user wants."""

import importlib.util
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # without Playwright, tests with a browser are skipped
    from playwright.sync_api import Browser, BrowserContext, Playwright

PROGRAMS = {"chromium": "/usr/bin/chromium", "firefox": "/usr/bin/firefox-esr"}
PACKAGES = {"playwright": "playwright", "axe_playwright_python": "axe-playwright-python"}  # on PyPI

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")  # a container has no sandbox
CAMERA_FLAG = "--use-fake-device-for-media-stream"

BRIDGE = Path(__file__).with_name("firefox_bridge.py")
# Chromium is told of these for each profile, Firefox when it is started
LOOK_PREFS: dict[tuple[str, str], dict[str, Any]] = {
    ("color_scheme", "light"): {"layout.css.prefers-color-scheme.content-override": 1},
    ("color_scheme", "dark"): {"layout.css.prefers-color-scheme.content-override": 0},
    ("reduced_motion", "reduce"): {"ui.prefersReducedMotion": 1},
    ("forced_colors", "active"): {"browser.display.document_color_use": 2},
    ("contrast", "more"): {"ui.useAccessibilityTheme": 1, "browser.display.document_color_use": 1},
}
CAMERA_PREFS: dict[bool, dict[str, Any]] = {  # by whether pages may use it
    True: {"media.navigator.streams.fake": True, "media.navigator.permission.disabled": True},
    False: {"media.navigator.streams.fake": True, "permissions.default.camera": 2},
}
NO_LOOKS: Mapping[str, str] = {}


def missing(name: str) -> str:
    """Why tests with a browser cannot run here; empty if they can."""
    if shutil.which(PROGRAMS[name]) is None:
        return f"no {PROGRAMS[name]}. Run: sudo apt install {Path(PROGRAMS[name]).name}"
    packages = [package for module, package in PACKAGES.items() if importlib.util.find_spec(module) is None]
    return f"Run: .venv/bin/pip install {' '.join(packages)}" if packages else ""


class Browsers:
    """Processes of one kind of browser, all ended by `close`.

    name       chromium or firefox
    downloads  an empty folder for the files that pages save
    """

    def __init__(self, playwright: "Playwright", name: str, downloads: Path) -> None:
        self.name = name
        self.downloads = downloads
        self._playwright = playwright
        self._started: dict[str, Browser] = {}

    def new_profile(self, size: tuple[int, int], looks: Mapping[str, str] = NO_LOOKS) -> "BrowserContext":
        """A profile of its own.

        size   of its windows, in CSS pixels
        looks  what its user wants to see, as Playwright names it: color_scheme="dark"
        """
        if self.name == "chromium":
            return self._chromium(FLAGS).new_context(viewport=_viewport(size), **looks)
        return self._firefox(_prefs(looks)).new_context(viewport=_viewport(size))

    def new_phone(
        self, size: tuple[int, int], is_allowed: bool, looks: Mapping[str, str] = NO_LOOKS
    ) -> "BrowserContext":
        """A profile with a simulated camera, which pages may use if `is_allowed`; any certificate will do."""
        usual: dict[str, Any] = {"viewport": _viewport(size), "ignore_https_errors": True}
        if self.name == "chromium":
            permissions = ["camera"] if is_allowed else []
            return self._chromium((*FLAGS, CAMERA_FLAG)).new_context(
                permissions=permissions, **usual, **looks
            )
        return self._firefox(_prefs(looks) | CAMERA_PREFS[is_allowed]).new_context(**usual)

    def close(self) -> None:
        for browser in self._started.values():
            browser.close()

    def _chromium(self, flags: Sequence[str]) -> "Browser":
        key = str(flags)
        if key not in self._started:
            self._started[key] = self._playwright.chromium.launch(
                executable_path=PROGRAMS["chromium"], args=list(flags)
            )
        return self._started[key]

    def _firefox(self, prefs: dict[str, Any]) -> "Browser":
        key = str(sorted(prefs.items()))
        if key not in self._started:
            self._started[key] = self._playwright.firefox.launch(
                channel="moz-firefox",
                executable_path=BRIDGE,
                firefox_user_prefs=prefs,
                downloads_path=self.downloads,
            )
        return self._started[key]


def _viewport(size: tuple[int, int]) -> Any:
    return {"width": size[0], "height": size[1]}


def _prefs(looks: Mapping[str, str]) -> dict[str, Any]:
    return {name: value for look in looks.items() for name, value in LOOK_PREFS[look].items()}
