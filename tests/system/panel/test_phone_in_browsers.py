"""A phone as the camera: its page in a second browser with a simulated camera; the panel that invites."""

import importlib.util
import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
from panel_page import PanelPage
from panel_session import OUT, PATIENCE_S, PanelSession

from tests.system.browsers import Browsers

if TYPE_CHECKING:
    from playwright.sync_api import Page

WEBRTC = "" if importlib.util.find_spec("aiortc") else "Run: .venv/bin/pip install aiortc segno"
pytestmark = [pytest.mark.skipif(bool(WEBRTC), reason=WEBRTC), pytest.mark.timeout(300)]

PORT = 8443
SIZE = (390, 844)


@pytest.fixture
def open_phone(browsers: Browsers) -> Iterator[Callable[..., "Page"]]:
    """Opens the page of a code beside the panel's browser, as who has accepted the certificate sees it."""
    contexts = []

    def open_phone(url: str, is_allowed: bool = True, **looks: str) -> "Page":
        context = browsers.new_phone(SIZE, is_allowed, looks)
        contexts.append(context)
        context.set_default_timeout(PATIENCE_S * 1000)
        page = context.new_page()
        page.goto(url)
        return page

    yield open_phone
    for context in contexts:
        context.close()


@pytest.fixture
def invited(panel: PanelPage, session: PanelSession) -> Iterator[PanelPage]:
    """The panel with a code in it; afterwards the clip is shown again."""
    panel.open_tab("camera")
    assert panel.text("phone-state") == "Off. Nothing listens on your network."
    assert not is_listening()
    panel.page.click("#phone-on")
    panel.page.click("#phone-yes")
    panel.page.wait_for_selector("#phone-code path")
    yield panel
    session.client.command(set={"source": "sample"})
    session.until("the clip", session.is_running)


def is_listening() -> bool:
    try:
        socket.create_connection(("127.0.0.1", PORT), 1).close()
    except OSError:
        return False
    return True


def state_of(page: "Page") -> str:
    return page.inner_text("#state")


def colourfulness(panel: PanelPage) -> float:
    """Of the whole picture: a simulated camera has one strong colour, the card next to none."""
    return float(np.ptp(panel.pixels().mean(axis=(0, 1))))


@pytest.mark.in_firefox
def test_a_phone_is_the_camera_from_its_click_until_it_is_switched_off(
    invited: PanelPage, session: PanelSession, open_phone: Callable[..., "Page"]
) -> None:
    page = open_phone(invited.text("phone-url"))
    assert state_of(page).startswith("Nothing is sent.")
    assert page.evaluate("document.getElementById('preview').srcObject") is None
    invited.until("the card's reason", lambda: "no phone sends" in str(session.client.status()["state"]))
    page.click("#start")
    invited.until("the connection", lambda: state_of(page) == "Your computer receives this picture.")
    invited.until("the phone's picture", lambda: session.is_running() and colourfulness(invited) > 50)
    invited.until("its name in the panel", lambda: invited.text("phone-state").startswith("Connected: "))
    page.screenshot(path=OUT / "phone-page.png")
    invited.page.locator("#phone-title").scroll_into_view_if_needed()
    invited.keep("phone-connected")

    page.select_option("#height", "480")  # while it sends
    invited.until("the picture after that", lambda: session.is_running() and colourfulness(invited) > 50)

    page.click("#stop")
    invited.until("the card", lambda: colourfulness(invited) < 20)
    assert state_of(page).startswith("Nothing is sent.")
    invited.until("its reason", lambda: "no phone sends" in str(session.client.status()["state"]))

    page.click("#start")
    invited.until("the picture again", lambda: session.is_running() and colourfulness(invited) > 50)
    session.client.command(
        set={"source": "sample"}
    )  # as its switch does: here there is no camera to go back to
    invited.until("the end", lambda: not is_listening())
    invited.until("word of it on the phone", lambda: "Trying again" in state_of(page))
    invited.until("word of it in the panel", lambda: invited.text("phone-state").startswith("Off."))


def test_a_code_of_before_is_not_valid(
    invited: PanelPage, session: PanelSession, open_phone: Callable[..., "Page"]
) -> None:
    url = invited.text("phone-url")
    session.client.command(set={"source": "sample"})
    session.until("the end", lambda: not is_listening())
    session.client.command(set={"source": f"whip://0.0.0.0:{PORT}/phone"})
    session.until("the start", is_listening)
    page = open_phone(url)
    page.click("#start")
    invited.until("the refusal", lambda: "This code is not valid" in state_of(page))
    assert page.is_visible("#start")


def test_a_refused_camera_is_said_in_words(invited: PanelPage, open_phone: Callable[..., "Page"]) -> None:
    page = open_phone(invited.text("phone-url"), is_allowed=False)
    page.click("#start")
    invited.until("the refusal", lambda: "Allow it in the browser's settings" in state_of(page))
    assert page.is_visible("#start")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_phones_page(
    invited: PanelPage, open_phone: Callable[..., "Page"], scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = open_phone(invited.text("phone-url"), color_scheme=scheme)
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [each["id"] for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZE[0]
