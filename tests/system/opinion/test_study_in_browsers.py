"""A whole session of one person, in real browsers, with a real study behind it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.system.browsers import Browsers
from vcam.opinion.store import Store
from vcam.opinion.study import RESULTS, Study, read_study

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.timeout(300)

ROOT = Path(__file__).resolve().parents[3]
OUT = ROOT / "build/opinion"
PATIENCE_MS = 60_000
LOOKS = (
    {"color_scheme": "light"},
    {"color_scheme": "dark"},
    {"forced_colors": "active"},
    {"contrast": "more"},
)
# what the console says while the server is ended, in Chromium; of Playwright's screenshots, in Firefox
# the server ends before the page does
KNOWN = ("ERR_CONNECTION_REFUSED", "NetworkError when attempting to fetch", "blocked an inline style")
ANSWERS = {"screen": "laptop", "sight": "normal", "colours": "normal", "light": "dim"}


def sharpkd(*words: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "vcam.cli", *words]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


class Server:
    """`sharpkd mos serve`, which can be ended and started again at the same port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = "0"
        self.start()

    def start(self) -> None:
        self._process = sharpkd("mos", "serve", str(self._folder), "--port", self._port)
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()
        self._port = self.address.split(":")[2].partition("/")[0]

    def stop(self) -> int:
        """End it as an administrator does; a program that was started with `&` would not hear of Ctrl-C."""
        with self._process as process:
            process.terminate()
            try:
                return process.wait(timeout=60)
            finally:
                process.kill()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("opinion") / "study"
    options = ["--size", "320x240", "--seconds", "0.5", "--link", "180p", "--title", "Our two pictures"]
    with sharpkd("mos", "prepare", str(folder), *options) as prepare:
        said, _ = prepare.communicate()
    assert prepare.returncode == 0, said
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    yield server
    server.stop()


@pytest.fixture
def page(browsers: Browsers, server: Server) -> Iterator["Page"]:
    OUT.mkdir(parents=True, exist_ok=True)
    context = browsers.new_profile((1280, 800), {"reduced_motion": "reduce"})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda each: faults.append(each.text) if each.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(server.address)
    yield page
    context.close()
    assert [fault for fault in faults if not any(known in fault for known in KNOWN)] == []


def begin(page: "Page") -> None:
    for id, choice in ANSWERS.items():
        page.select_option(f"#{id}", choice)
    page.fill("#diagonal", "14")
    page.fill("#distance", "60")
    page.check("#consent")
    page.click("#begin")
    page.wait_for_selector("#vote:visible")


def vote(page: "Page", key: str) -> None:
    """By keyboard alone."""
    before = page.inner_text("#progress-text")
    page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.wait_for_function(
        "(before) => !document.getElementById('done').hidden"
        " || (document.getElementById('progress-text').textContent !== before"
        " && !document.getElementById('vote').hidden)",
        arg=before,
    )


def violations(page: "Page") -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]


def check_looks(page: "Page", name: str) -> None:
    """Axe finds nothing in any colours, nor on a phone, where nothing is cut off."""
    browser = page.context.browser
    is_told = (
        browser is not None and browser.browser_type.name == "chromium"
    )  # Firefox is told when it is started
    for look in LOOKS if is_told else LOOKS[:1]:
        page.emulate_media(
            **{"color_scheme": "no-preference", "forced_colors": "none", "contrast": "no-preference", **look}
        )
        assert violations(page) == [], (name, look)
        page.screenshot(path=OUT / f"{name}-{'-'.join(look.values())}.png")
    page.emulate_media(color_scheme="light", forced_colors="none", contrast="no-preference")
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
    assert violations(page) == [], (name, "phone")
    page.screenshot(path=OUT / f"{name}-phone.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 800})


def test_a_person_takes_part_by_keyboard_and_goes_on_after_a_restart(
    page: "Page", server: Server, folder: Path
) -> None:
    assert page.inner_text("#title") == "Our two pictures"
    check_looks(page, "welcome")
    begin(page)
    assert page.evaluate("document.activeElement.value") == "0"  # the middle of the scale
    check_looks(page, "vote")
    assert not page.is_enabled("#send")
    page.click("#again")
    page.wait_for_selector("#video-1.is-shown", state="visible")
    page.screenshot(path=OUT / "first-clip.png")
    page.wait_for_selector("#vote:visible")
    vote(page, "7")
    server.stop()
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    page.wait_for_selector("#failure:visible")
    server.start()
    page.reload()
    page.wait_for_selector("#vote:visible")
    assert page.inner_text("#progress-text").startswith("Pair 2 of")
    while page.is_visible("#vote"):
        vote(page, "5")
    check_looks(page, "done")
    code = page.inner_text("#code")
    store, study = Store(folder / RESULTS), read_study(folder)
    votes = store.votes()
    assert {each.person for each in votes} == {code}
    assert [each.kind for each in votes][:3] == ["training"] * 3
    assert (votes[0].score, votes[0].replays) == (3, 1)
    assert {each.score for each in votes[1:]} == {1}
    assert min(each.width_px for each in votes) >= 160
    assert sorted((each.pair, each.shown) for each in votes if each.kind == "test") == expected_tests(study)


def expected_tests(study: Study) -> list[tuple[str, str]]:
    return sorted((pair.id, order) for pair in study.of_kind("test") for order in ("ab", "ba"))


def test_who_withdraws_is_forgotten(page: "Page", folder: Path) -> None:
    before = set(Store(folder / RESULTS).people())
    begin(page)
    vote(page, "4")
    page.click("#stop")
    page.click("#stop-no")
    page.wait_for_selector("#vote:visible")
    page.click("#stop")
    page.screenshot(path=OUT / "stop.png")
    assert violations(page) == []
    page.click("#stop-yes")
    page.wait_for_selector("#closed:visible")
    assert set(Store(folder / RESULTS).people()) == before


def test_without_its_key_the_address_says_what_is_missing(page: "Page", server: Server) -> None:
    page.goto("about:blank")
    page.goto(server.address.partition("#")[0])
    page.wait_for_selector("#closed:visible")
    assert "whole address" in page.inner_text("#closed")


def test_the_browser_is_told_nothing_of_the_systems(page: "Page") -> None:
    told: list[str] = []
    page.on("response", lambda answer: told.append(f"{answer.url} {answer.headers}"))
    begin(page)
    html = page.content() + " ".join(told)
    assert not re.search(r"180p|talk|\.webm|gold|expected|\bbest\b", html)
