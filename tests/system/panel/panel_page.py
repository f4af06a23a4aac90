"""The panel in a tab: what its user sees and does."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from panel_session import OUT, PATIENCE_S, PanelSession

from tests.system.browsers import Browsers

if TYPE_CHECKING:  # without Playwright, these tests are skipped
    from playwright.sync_api import ConsoleMessage, Page, Response

TABS = ("picture", "camera", "network", "model", "numbers", "help")
SCREENSHOT_STYLE = (
    "blocked an inline style"  # Playwright's own, which Firefox tells of; ours would fail in Chromium
)
END_OF_PNG = b"IEND\xaeB`\x82"
SMALL = (32, 18)  # pixels of a picture that is compared: noise is averaged away
PIXELS = """([id, width, height]) => {
    const small = new OffscreenCanvas(width, height).getContext("2d");
    small.drawImage(document.getElementById(id), 0, 0, width, height);
    return [...small.getImageData(0, 0, width, height).data];
}"""


class PanelPage:
    """A tab with the panel in it, in a browser profile of its own.

    faults  what the browser has complained of: errors on the console, exceptions, answers that are errors
    """

    def __init__(
        self, browsers: Browsers, session: PanelSession, size: tuple[int, int] = (1280, 800), **looks: str
    ) -> None:
        self._browsers = browsers
        self._session = session
        self._context = browsers.new_profile(size, looks)
        self._context.set_default_timeout(PATIENCE_S * 1000)
        self.faults: list[str] = []
        self.page = self.new_tab()

    def new_tab(self) -> "Page":
        page = self._context.new_page()
        page.on("console", self._note)
        page.on("pageerror", lambda error: self._complain(str(error)))
        page.on("response", self._look_at)
        return page

    def open(self) -> "PanelPage":
        """Open the address that opens the page once, and wait for the first picture."""
        self.page.goto(self._session.client.page_url())
        self.page.wait_for_selector("#stage[data-shows=picture]")
        self.page.wait_for_selector("#state[data-tone=good]")
        return self

    def open_tab(self, name: str) -> None:
        self.page.click(f"#tab-{name}")

    def text(self, id: str) -> str:
        return self.page.inner_text(f"#{id}")

    def pixels(self, side: str = "after") -> np.ndarray:
        """What a side shows, (18, 32, 3) RGB."""
        data = self.page.evaluate(PIXELS, [side, *SMALL])
        return np.array(data, np.float32).reshape(SMALL[1], SMALL[0], 4)[..., :3]

    def until(self, what: str, is_so: Callable[[], bool]) -> None:
        try:
            self._session.until(what, is_so)
        except AssertionError as error:
            raise AssertionError(f"{error} See {self.keep('in-vain')}") from None

    def keep(self, name: str) -> Path:
        """Save what is seen as a picture to look at."""
        path = OUT / f"{name}.png"
        self.page.screenshot(path=path)
        return path

    def download(self, id: str) -> Path:
        """The file, with its name, that is saved by a click."""
        if self._browsers.name == "firefox":  # which tells Playwright of none
            self.page.click(f"#{id}")
            self.until("the whole file", lambda: any(self._whole_downloads()))
            return next(self._whole_downloads())
        with self.page.expect_download() as download:
            self.page.click(f"#{id}")
        path = self._browsers.downloads / download.value.suggested_filename
        download.value.save_as(path)
        return path

    def _whole_downloads(self) -> Iterator[Path]:
        """Pictures that are written to their end; Firefox makes the file first."""
        for path in self._browsers.downloads.glob("*.png"):
            if path.read_bytes().endswith(END_OF_PNG):
                yield path

    def close(self) -> None:
        self._context.close()

    def _note(self, message: "ConsoleMessage") -> None:
        if message.type in ("error", "warning"):
            self._complain(f"{message.text} {message.location.get('url', '')}")

    def _complain(self, fault: str) -> None:
        if SCREENSHOT_STYLE not in fault:
            self.faults.append(fault)

    def _look_at(self, response: "Response") -> None:
        if response.status >= 400:
            self.faults.append(f"{response.status} {response.url}")
