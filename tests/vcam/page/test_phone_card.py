"""The panel's way to a phone: nothing listens before its user has confirmed, nothing is kept after."""

import json
from typing import Any

from fake_browser import Answer, Browser, Request

from vcam.page.routes import STATIC

SOURCE = "whip://0.0.0.0:8443/phone"
PHONE = {
    **{"source": SOURCE, "is_on": True, "sender": None},
    **{"url": "https://192.0.2.7:8443/#phone=abc", "code": ["10", "01"]},
}


class Daemon:
    """Answers as the daemon does, with its one setting."""

    def __init__(self) -> None:
        self.source = "auto"
        self.phone: dict[str, Any] = dict(PHONE)

    def __call__(self, request: Request) -> Answer:
        if request.path == "session":
            return Answer(text='{"session": "secret"}')
        if request.path == "command":
            self.source = request.json["set"]["source"]
        facts: dict[str, Any] = {
            "command": {"state": "running"},
            "status.json": {"state": "running"},
            "devices": {"cameras": []},
            # an address is shown without its path, see vcam.public
            "settings": {"settings": [{"name": "source", "value": self.source.removesuffix("/phone")}]},
            "phone": self.phone,
        }
        return Answer(text=json.dumps(facts[request.path])) if request.path in facts else Answer(404)


def click(browser: Browser, id: str) -> None:
    browser.dispatch(f"document.getElementById('{id}')", "click")
    browser.advance(0)


def is_shown(browser: Browser, id: str) -> bool:
    return not browser.get(f"document.getElementById('{id}').hidden")


def open_camera_tab(daemon: Daemon) -> Browser:
    browser = Browser(STATIC, daemon, "#key=right")
    click(browser, "tab-camera")
    return browser


def test_it_is_off_until_its_user_has_confirmed() -> None:
    daemon = Daemon()
    browser = open_camera_tab(daemon)
    browser.advance(3000)
    assert browser.text("phone-state") == "Off. Nothing listens on your network."
    assert not is_shown(browser, "phone-invitation")
    assert browser.asked("phone") == []
    click(browser, "phone-on")
    click(browser, "phone-no")
    assert browser.asked("command") == []
    click(browser, "phone-on")
    click(browser, "phone-yes")
    assert browser.asked("command")[0].json == {"set": {"source": SOURCE}}
    assert is_shown(browser, "phone-invitation")
    assert browser.text("phone-url") == PHONE["url"]
    path = "document.getElementById('phone-code').children[0].attributes.d"
    assert browser.get(path) == "M0 0h1v1h-1zM1 1h1v1h-1z"
    assert "No phone is connected" in browser.text("phone-state")


def test_who_is_connected_is_said() -> None:
    daemon = Daemon()
    daemon.source = SOURCE
    browser = open_camera_tab(daemon)
    daemon.phone = PHONE | {"sender": {"address": "192.0.2.20", "since": 1_700_000_000}}
    browser.advance(2000)
    assert browser.text("phone-state").startswith("Connected: 192.0.2.20, since ")


def test_switched_off_the_code_is_gone() -> None:
    daemon = Daemon()
    daemon.source = SOURCE
    browser = open_camera_tab(daemon)
    assert is_shown(browser, "phone-invitation")
    click(browser, "phone-off")
    assert daemon.source == "auto"
    assert not is_shown(browser, "phone-invitation")
    assert browser.text("phone-url") == ""
    assert browser.get("document.getElementById('phone-code').children.length") == 0
    assert is_shown(browser, "phone-on")


def test_while_the_camera_does_not_run_nothing_is_shown_to_scan() -> None:
    daemon = Daemon()
    daemon.source, daemon.phone = SOURCE, PHONE | {"is_on": False, "url": "", "code": []}
    browser = open_camera_tab(daemon)
    assert not is_shown(browser, "phone-invitation")
    assert "not ready" in browser.text("phone-state")
