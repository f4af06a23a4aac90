"""What the page's script does with what the daemon answers; only the browser around it is a fake."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from fake_browser import Answer, Browser, Request

from vcam.page.routes import STATIC

STATUS: dict[str, Any] = {
    "state": "running",
    "provider": "CPUExecutionProvider",
    "model": "best",
    "source": "Webcam",
    "sink": "SharpKD Camera",
    "size": [1280, 720],
    "strength": 0.85,
    "crispness": 0.1,
    "denoise": None,
    "link": None,
    "link_profiles": ["270p", "360p"],
    "link_kbps": {"270p": 350.0, "360p": 500.0},
    "fps": 29.97,
    "age_ms": {"p50": 12.4, "p95": 20.6},
    "stage_ms": {"restore": {"p50": 6.25, "p95": 8.04}},
    "drops": {"busy": 2, "unsent": 3, "failed": 0},
    "kbps": None,
    "hint": "",
    "warnings": [],
}
PAIR = "1280x360, a pair"


@dataclass
class Daemon:
    """Answers as the daemon does; a test changes what."""

    status: dict[str, Any] = field(default_factory=lambda: dict(STATUS))
    marks: list[str] = field(default_factory=lambda: ["1-1"])  # of the pictures to come; the last one stays
    facts: dict[str, Any] = field(default_factory=dict)  # by the path that answers with them
    refusal: Answer | None = None  # of a command
    key: str = "right"
    is_silent: bool = False
    is_open: bool = True  # to the tab's session

    def __call__(self, request: Request) -> Answer | None:
        if self.is_silent:
            return None
        if request.path == "session":
            is_right = request.json == {"key": self.key}
            return Answer(text='{"session": "secret"}') if is_right else Answer(403, "{}")
        if not self.is_open:
            return Answer(403, "{}")
        if request.path == "pair.jpg":
            return self._pair(request)
        if request.path == "command":
            if self.refusal is None:
                self.status |= request.json.get("set", {})
            return self.refusal or Answer(text=json.dumps(self.status))
        if request.path == "status.json":
            return Answer(text=json.dumps(self.status))
        facts = self.facts.get(request.path)
        return Answer(404) if facts is None else Answer(text=json.dumps(facts))

    def _pair(self, request: Request) -> Answer:
        mark = self.marks.pop(0) if len(self.marks) > 1 else self.marks[0]
        is_seen = request.url.endswith(f"seen={mark}")
        return Answer(204 if is_seen else 200, "" if is_seen else PAIR, {"x-mark": mark})


def open_page(daemon: Daemon, hash: str = "#key=right", stored: dict[str, str] | None = None) -> Browser:
    browser = Browser(STATIC, daemon, hash, stored)
    assert browser.get("browser.errors") == []
    return browser


# access


def test_the_key_of_the_address_is_exchanged_and_leaves_the_history() -> None:
    browser = open_page(Daemon())
    assert browser.asked("session")[0].json == {"key": "right"}
    assert browser.get("location") == {"hash": "", "pathname": "/"}
    assert browser.get("stored") == {"session": "secret"}


def test_every_request_carries_the_session_and_gives_up_in_time() -> None:
    browser = open_page(Daemon())
    browser.set("strength", 0.5)
    for path, limit_ms in (("pair.jpg", 3000), ("status.json", 3000), ("command", 60_000)):
        request = browser.asked(path)[-1]
        assert request.headers["Authorization"] == "Bearer secret"
        assert request.timeout == limit_ms


def test_a_tab_that_was_reloaded_goes_on_with_its_session() -> None:
    browser = open_page(Daemon(), hash="", stored={"session": "old"})
    assert browser.asked("session") == []
    assert browser.asked("status.json")[0].headers["Authorization"] == "Bearer old"


def test_a_key_that_was_used_leaves_the_session_of_before() -> None:
    browser = open_page(Daemon(), hash="#key=used", stored={"session": "old"})
    assert browser.get("stored") == {"session": "old"}
    assert browser.asked("status.json")[0].headers["Authorization"] == "Bearer old"


def test_a_new_key_in_the_same_tab_is_exchanged_as_well() -> None:
    browser = open_page(Daemon(), hash="#key=used")
    assert browser.get("stored") == {}
    browser.get("location.hash = '#key=right'")
    browser.dispatch("window", "hashchange")
    assert browser.get("stored") == {"session": "secret"}


@pytest.mark.parametrize("status", [401, 403])
def test_without_access_the_page_says_how_to_get_it(status: int) -> None:
    daemon = Daemon(is_open=False)
    browser = Browser(STATIC, lambda request: Answer(status, "{}") if daemon(request) else None)
    assert browser.is_shown("expired")
    assert (browser.text("state"), browser.element("state", "dataset.tone")) == ("no access", "bad")


def test_the_word_of_no_access_goes_once_there_is_access() -> None:
    daemon = Daemon(is_open=False)
    browser = open_page(daemon)
    daemon.is_open = True
    browser.advance(5000)  # what is refused is not asked for every second
    assert not browser.is_shown("expired")
    assert browser.text("state") == "running"


# picture


def test_before_and_after_are_drawn_on_their_own_sides() -> None:
    browser = open_page(Daemon())
    assert browser.get("browser.drawn") == [
        ["before", PAIR, 0, 0, 640, 360, 0, 0, 640, 360],
        ["after", PAIR, 640, 0, 640, 360, 0, 0, 640, 360],
    ]
    assert [browser.element("after", side) for side in ("width", "height")] == [640, 360]


def test_a_picture_that_was_seen_is_neither_sent_nor_drawn_again() -> None:
    browser = open_page(Daemon(marks=["1-1", "1-1", "2-2"]))
    browser.advance(40)
    assert len(browser.get("browser.drawn")) == 2
    browser.advance(40)
    assert len(browser.get("browser.drawn")) == 4
    assert [request.url for request in browser.asked("pair.jpg")] == [
        "pair.jpg?width=640&seen=",
        "pair.jpg?width=640&seen=1-1",
        "pair.jpg?width=640&seen=1-1",
    ]


def test_the_page_asks_at_most_30_times_a_second() -> None:
    browser = open_page(Daemon())
    browser.advance(1000)
    assert len(browser.asked("pair.jpg")) == pytest.approx(31, abs=1)  # the one at 0 s too


@pytest.mark.parametrize(("shown", "asked"), [(641, 704), (100, 320), (3000, 1280)])
def test_the_picture_is_asked_for_as_wide_as_it_is_shown(shown: int, asked: int) -> None:
    browser = open_page(Daemon())
    browser.get(f"document.getElementById('after').clientWidth = {shown}")
    browser.advance(40)
    # of another width nothing was seen yet
    assert browser.asked("pair.jpg")[-1].url == f"pair.jpg?width={asked}&seen="


def test_the_stage_knows_a_card_from_a_picture() -> None:
    browser = open_page(Daemon(marks=["card-00ff", "1-1"]))
    assert browser.element("stage", "dataset.shows") == "card"
    browser.advance(40)
    assert browser.element("stage", "dataset.shows") == "picture"


def test_a_hidden_tab_asks_for_nothing() -> None:
    """Who asks counts as somebody who watches, and keeps the webcam open."""
    browser = open_page(Daemon())
    browser.get("document.hidden = true")
    browser.advance(2000)
    asked = len(browser.asked("pair.jpg")), len(browser.asked("status.json"))
    browser.advance(60_000)
    assert (len(browser.asked("pair.jpg")), len(browser.asked("status.json"))) == asked
    browser.get("document.hidden = false")
    browser.dispatch("document", "visibilitychange")
    browser.advance(40)
    assert len(browser.asked("pair.jpg")) > asked[0]
    assert len(browser.asked("status.json")) > asked[1]


def test_a_silent_daemon_is_asked_ever_more_seldom_and_found_again() -> None:
    daemon = Daemon()
    browser = open_page(daemon)
    daemon.is_silent = True
    browser.advance(60_000)
    before = len(browser.asked("pair.jpg"))
    browser.advance(60_000)
    assert len(browser.asked("pair.jpg")) - before == 15  # once in 4 s
    daemon.is_silent = False
    browser.advance(4000)
    before = len(browser.asked("pair.jpg"))
    browser.advance(1000)
    assert len(browser.asked("pair.jpg")) - before >= 29


# wipe


def wipe(browser: Browser) -> str:
    return browser.element("stage", "style.properties['--wipe']")


def press(browser: Browser, kind: str, x: float, button: int = 0) -> None:
    stage = "document.getElementById('stage')"
    browser.dispatch(stage, kind, clientX=x, clientY=0, button=button, pointerId=1)


def test_the_wipe_follows_the_pointer_while_it_is_held() -> None:
    browser = open_page(Daemon())
    press(browser, "pointermove", 200)
    assert wipe(browser) is None
    press(browser, "pointerdown", 200)
    assert wipe(browser) == "25%"
    press(browser, "pointermove", 600)
    assert wipe(browser) == "100%"
    assert browser.element("divider", "attributes['aria-valuetext']") == "100% before, 0% after"


def test_the_wipe_needs_the_first_button_and_its_layout() -> None:
    browser = open_page(Daemon())
    press(browser, "pointerdown", 200, button=2)
    assert wipe(browser) is None
    sides = "document.querySelectorAll('input[name=layout]')[1]"
    browser.dispatch(sides, "change")
    assert browser.element("stage", "dataset.layout") == "sides"
    press(browser, "pointerdown", 200)
    assert wipe(browser) is None


@pytest.mark.parametrize(
    ("key", "percent"),
    [("ArrowLeft", 48), ("ArrowRight", 52), ("PageDown", 40), ("PageUp", 60), ("Home", 0), ("End", 100)],
)
def test_the_wipe_is_moved_by_keys(key: str, percent: int) -> None:
    browser = open_page(Daemon())
    assert browser.dispatch("document.getElementById('divider')", "keydown", key=key)
    assert wipe(browser) == f"{percent}%"


def test_other_keys_are_left_to_the_browser() -> None:
    browser = open_page(Daemon())
    assert not browser.dispatch("document.getElementById('divider')", "keydown", key="Tab")
    assert wipe(browser) is None


# controls


def test_controls_show_what_is_set() -> None:
    browser = open_page(Daemon())
    assert (browser.element("strength", "value"), browser.text("strength-value")) == ("0.85", "85%")
    assert not browser.element("strength", "disabled")


def test_what_the_model_does_not_have_cannot_be_moved() -> None:
    browser = open_page(Daemon())
    assert browser.element("denoise", "disabled")
    assert browser.text("denoise-value") == "–"


@pytest.mark.parametrize("name", ["strength", "crispness", "denoise"])
def test_a_slider_sends_its_value(name: str) -> None:
    daemon = Daemon()
    browser = open_page(daemon)
    browser.set(name, 0.4)
    assert browser.text(f"{name}-value") == "40%"
    request = browser.asked("command")[0]
    assert (request.method, request.json) == ("POST", {"set": {name: 0.4}})
    assert request.headers["Content-Type"] == "application/json"


def steps(browser: Browser) -> dict[str, bool]:
    """The steps of the simulated link as they read, and whether each is chosen."""
    labels = "document.getElementById('link').children.slice(1)"
    found = browser.get(f"{labels}.map((label) => [label.textContent, label.children[0].checked])")
    return {str(text): is_chosen is True for text, is_chosen in found}


def choose_step(browser: Browser, step: str) -> None:
    radio = f"document.querySelectorAll('input[name=link]').find((each) => each.value === '{step}')"
    browser.dispatch(radio, "change")


def test_each_step_of_the_link_stands_beside_its_rate() -> None:
    browser = open_page(Daemon())
    assert steps(browser) == {"Offas in a real call": True, "270p350 kbps": False, "360p500 kbps": False}


def test_a_link_is_chosen() -> None:
    browser = open_page(Daemon())
    choose_step(browser, "270p")
    assert browser.asked("command")[0].json == {"set": {"link": "270p"}}
    browser.advance(1200)
    assert steps(browser)["270p350 kbps"]
    assert browser.is_shown("link-more")


def test_another_step_keeps_the_conditions_of_the_link() -> None:
    daemon = Daemon(STATUS | {"link": "360p,codec=vp8,preset=slow,loss=0.02"})
    browser = open_page(daemon)
    assert (browser.element("link-codec", "value"), browser.text("link-loss-value")) == ("vp8", "2.0%")
    choose_step(browser, "270p")
    assert daemon.status["link"] == "270p,codec=vp8,preset=slow,loss=0.02"
    browser.advance(1200)
    browser.set("link-loss", 0, "change")
    assert daemon.status["link"] == "270p,codec=vp8,preset=slow"


def test_a_slider_that_is_moved_fast_sends_its_last_value() -> None:
    daemon = Daemon()
    browser = open_page(daemon)
    for value in (0.1, 0.2, 0.3):
        browser.set("strength", value)
    browser.set("crispness", 0.6)
    browser.advance(1000)
    sent = [request.json["set"] for request in browser.asked("command")]
    assert sent == [{"strength": 0.1}, {"strength": 0.3, "crispness": 0.6}]


def test_a_slider_that_is_held_does_not_jump_back() -> None:
    daemon = Daemon()
    browser = open_page(daemon)
    browser.get("browser.active = document.getElementById('strength')")
    browser.get("document.getElementById('strength').value = 0.3")
    browser.advance(1000)
    assert browser.element("strength", "value") == "0.3"
    browser.get("browser.active = null")
    browser.advance(1000)
    assert browser.element("strength", "value") == "0.85"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(400, '{"error": "no link by that name"}'), "no link by that name"),
        (Answer(500, "a page of a proxy"), "The change was refused (500)."),
    ],
)
def test_a_refused_change_says_why(answer: Answer, words: str) -> None:
    daemon = Daemon(refusal=answer)
    browser = open_page(daemon)
    browser.set("strength", 0.4)
    assert browser.is_shown("failure")
    assert browser.text("failure-text") == words
    daemon.refusal = None
    browser.advance(200)
    browser.set("strength", 0.5)
    assert not browser.is_shown("failure")


def test_a_change_that_gets_lost_is_told() -> None:
    daemon = Daemon()
    browser = open_page(daemon)
    daemon.is_silent = True
    browser.set("strength", 0.4)
    assert browser.text("failure-text") == "The change did not reach SharpKD Camera."


# models

MODELS = {"models": [{"name": "fast", "replaced": 1}, {"name": "best", "replaced": 0}]}
UNDO = """[...document.getElementById('model-cards').children].flatMap((card) => [...card.children])
    .filter((part) => part.textContent.startsWith('Go back'))"""


def test_only_a_model_that_has_replaced_one_can_go_back_to_it() -> None:
    browser = open_page(Daemon(facts={"models": MODELS, "settings": {"settings": []}}))
    browser.dispatch("document.getElementById('tab-model')", "click")
    assert browser.get(f"{UNDO}.length") == 1
    browser.dispatch(f"{UNDO}[0]", "click")
    assert [request.json for request in browser.asked("command")] == [{"rollback": "fast"}]


# numbers


@pytest.mark.parametrize(
    ("id", "text"),
    [
        ("fps", "30.0"),
        ("kbps", "–"),
        ("age-p50", "12"),
        ("age-p95", "21"),
        ("restore-p50", "6.3"),
        ("restore-p95", "8.0"),
        ("size", "1280 × 720"),
        ("model", "best"),
        ("provider", "CPU"),
        ("source", "Webcam"),
        ("sink", "SharpKD Camera"),
        ("drops", "5"),
        ("causes", "Came while busy2Replaced before sending3"),
    ],
)
def test_a_number_is_shown(id: str, text: str) -> None:
    assert open_page(Daemon()).text(id) == text


def test_no_drops_are_said_to_be_none() -> None:
    assert open_page(Daemon(STATUS | {"drops": {"busy": 0}})).text("causes") == "None so far0"


@pytest.mark.parametrize(
    ("state", "tone"),
    [
        ("running", "good"),
        ("running: without its link", "note"),
        ("paused", "note"),
        ("waiting for camera: no webcam", "note"),
        ("pass-through: the model failed", "bad"),
        ("idle: nobody watches", "quiet"),
    ],
)
def test_a_state_has_its_tone(state: str, tone: str) -> None:
    browser = open_page(Daemon(STATUS | {"state": state}))
    assert browser.text("state") == state
    assert browser.element("state", "dataset.tone") == tone


def test_warnings_are_listed_and_go() -> None:
    daemon = Daemon(STATUS | {"warnings": ["frames come late", "the disk is full"]})
    browser = open_page(daemon)
    assert browser.is_shown("warnings")
    items = "document.getElementById('warning-list').children.map((item) => item.textContent)"
    assert browser.get(items) == daemon.status["warnings"]
    daemon.status["warnings"] = []
    browser.advance(1000)
    assert not browser.is_shown("warnings")


def test_a_hint_has_a_command_to_copy() -> None:
    browser = open_page(Daemon(STATUS | {"hint": "There is no camera; run: sudo modprobe v4l2loopback"}))
    assert browser.is_shown("hint")
    assert browser.text("hint-text") == "There is no camera; run: "
    assert browser.text("hint-command") == "sudo modprobe v4l2loopback"
    browser.dispatch("document.getElementById('copy')", "click")
    assert (browser.get("browser.clipboard"), browser.text("copy")) == (
        "sudo modprobe v4l2loopback",
        "Copied",
    )
    browser.advance(1500)
    assert browser.text("copy") == "Copy command"


def test_a_command_that_cannot_be_copied_is_selected() -> None:
    browser = open_page(Daemon(STATUS | {"hint": "run: sudo modprobe v4l2loopback"}))
    browser.get("browser.canCopy = false")
    browser.dispatch("document.getElementById('copy')", "click")
    assert (browser.get("browser.selected"), browser.text("copy")) == ("hint-command", "Selected")


def test_a_hint_without_a_command_offers_none() -> None:
    browser = open_page(Daemon(STATUS | {"hint": "Ask your administrator."}))
    assert browser.text("hint-text") == "Ask your administrator."
    assert not browser.is_shown("hint-command")
    assert not browser.is_shown("copy")


def test_a_daemon_that_misses_once_is_not_called_silent() -> None:
    daemon = Daemon()
    browser = open_page(daemon)
    daemon.is_silent = True
    browser.advance(1000)
    assert (browser.is_shown("silent"), browser.text("state")) == (False, "running")
    browser.advance(1000)
    assert (browser.is_shown("silent"), browser.text("state")) == (True, "not answering")
    daemon.is_silent = False
    browser.advance(1000)
    assert (browser.is_shown("silent"), browser.text("state")) == (False, "running")


# what the camera tells beside its status


def setting(name: str, kind: str, value: object, **rest: object) -> dict[str, object]:
    usual = {"range": None, "choices": None, "help": "As it says.", "needs": "nothing"}
    return {"name": name, "kind": kind, "value": value, **usual, **rest}


SETTINGS = {
    "settings": [
        setting("source", "text", "auto"),
        setting("size", "size", "1280x720", needs="restart"),
        setting("fps", "int", 30, range=[1, 60], needs="restart"),
        setting("always_on", "bool", False),
        setting("provider", "choice", "auto", choices=["auto", "cpu"]),
        setting("threads", "int", 0, range=[0, 64]),
    ]
}


def open_tab(browser: Browser, name: str) -> None:
    browser.dispatch(f"document.getElementById('tab-{name}')", "click")


def test_a_setting_without_a_control_of_its_own_gets_one() -> None:
    daemon = Daemon(facts={"settings": SETTINGS})
    browser = open_page(daemon)
    assert browser.is_shown("more-camera")
    browser.get("document.getElementById('setting-always_on').checked = true")
    browser.dispatch("document.getElementById('setting-always_on')", "change")
    browser.advance(1000)
    browser.set("setting-threads", 2, "change")
    sent = [request.json["set"] for request in browser.asked("command")]
    assert sent == [{"always_on": True}, {"threads": 2}]


def test_what_is_not_saved_is_named_until_it_is() -> None:
    daemon = Daemon(STATUS | {"unsaved": ["strength", "pan_x"]}, facts={"settings": SETTINGS})
    browser = open_page(daemon)
    assert browser.text("unsaved-text") == "Not saved: strength, pan x"
    browser.dispatch("document.getElementById('save')", "click")
    assert browser.asked("command")[-1].json == {"save": True}
    daemon.status["unsaved"] = []
    browser.advance(1000)
    assert not browser.is_shown("unsaved")


def test_another_size_is_one_restart_behind_a_button_that_says_so() -> None:
    daemon = Daemon(facts={"settings": SETTINGS})
    browser = open_page(daemon)
    assert browser.element("output-go", "disabled")
    browser.get("document.getElementById('output-size').value = '1920x1080'")
    browser.dispatch("document.getElementById('output-form')", "change")
    assert browser.text("output-go") == "Restart with 1920 × 1080 at 30 fps"
    assert browser.asked("command") == []
    browser.dispatch("document.getElementById('output-form')", "submit")
    assert browser.asked("command")[0].json == {"restart": {"size": "1920x1080", "fps": 30}}


def test_a_camera_says_what_it_offers_and_what_really_comes() -> None:
    modes = [
        {"pixel_format": "MJPG", "size": [1280, 720], "rates": [30.0, 15.0]},
        {"pixel_format": "YUYV", "size": [1280, 720], "rates": [10.0]},
        {"pixel_format": "MJPG", "size": [1920, 1080], "rates": [30.0]},
    ]
    webcam = {"name": "C920", "path": "/dev/video0", "source": "/dev/video0", "fault": "", "drawback": ""}
    cameras = [webcam | {"modes": modes, "is_open": True, "measured_fps": 14.8}]
    browser = open_page(Daemon(facts={"settings": SETTINGS, "devices": {"cameras": cameras}}))
    assert browser.asked("devices") == []  # each camera is asked: only when somebody wants to know
    open_tab(browser, "camera")
    text = browser.text("cameras")
    assert "Offers 1920 × 1080 at 30, 1280 × 720 at 30 fps" in text
    assert "really delivers 14.8 frames a second" in text
    chosen = "document.querySelectorAll('input[name=cameras]').find((each) => each.checked).value"
    assert browser.get(chosen) == "auto"


def test_the_last_minutes_are_asked_for_only_while_they_are_shown() -> None:
    fps = [None] * 298 + [10.0, 20.0]
    empty: dict[str, Any] = {"age_p50": [], "age_p95": [], "kbps": [], "gain_db": []}
    series = empty | {"fps": fps, "stage_ms": {}, "drops_per_min": {"busy": [0, 6]}}
    browser = open_page(Daemon(facts={"history": {"step_s": 1, "series": series}}))
    browser.advance(10_000)
    assert browser.asked("history") == []
    open_tab(browser, "numbers")
    browser.advance(10_000)
    assert len(browser.asked("history")) == pytest.approx(6, abs=1)
    assert "Came while busy 6" in browser.text("charts")
    paths = "document.all(document.getElementById('charts')).filter((each) => each.tag === 'path')"
    # 300 wide, one value a second; the axis ends at 20
    assert browser.get(f"{paths}[0].attributes.d") == "M299.0 42.0L300.0 0.0"


def test_a_bandwidth_over_time_is_written_into_the_link() -> None:
    daemon = Daemon(STATUS | {"link": "360p,codec=vp8"})
    browser = open_page(daemon)
    browser.set("trace-rates", "800, 200 400", "change")
    assert daemon.status["link"] == "360p,codec=vp8,trace=800:200:400"
    browser.advance(1200)
    browser.dispatch("document.getElementById('trace-off')", "click")
    assert daemon.status["link"] == "360p,codec=vp8"


def test_findings_come_before_what_is_fine() -> None:
    findings = [
        {"level": "ok", "title": "Codecs", "detail": "all there", "command": ""},
        {"level": "error", "title": "Module", "detail": "not loaded", "command": "sudo modprobe x"},
    ]
    browser = open_page(Daemon(facts={"doctor": {"findings": findings}}))
    open_tab(browser, "help")
    assert browser.text("findings") == "Modulenot loadedsudo modprobe xCopy command"
    assert browser.text("fine-count") == "1 thing is fine"


def test_a_camera_that_was_stopped_is_not_called_silent() -> None:
    daemon = Daemon()
    browser = open_page(daemon)
    browser.dispatch("document.getElementById('stop')", "click")
    assert browser.asked("command") == []  # it asks first
    browser.dispatch("document.getElementById('stop-yes')", "click")
    assert browser.asked("command")[0].json == {"stop": True}
    browser.advance(1000)  # it answers a last time
    daemon.is_silent = True
    browser.advance(2000)
    assert (browser.text("silent-text"), browser.text("state")) == ("SharpKD Camera is stopped.", "stopped")
    daemon.is_silent = False
    browser.advance(1000)
    daemon.is_silent = True
    browser.advance(2000)
    assert browser.text("silent-text") == "SharpKD Camera is not answering."


def test_a_picture_that_is_zoomed_follows_the_pointer() -> None:
    picture = {"zoom": 2.0, "pan_x": 0.0, "pan_y": 0.0}
    browser = open_page(Daemon(STATUS | {"picture": picture}))
    press(browser, "pointerdown", 300)
    stage = "document.getElementById('stage')"
    browser.dispatch(stage, "pointermove", clientX=200, clientY=0, pointerId=1)
    sent = browser.asked("command")[0].json["set"]
    assert sent["pan_x"] == 0.5  # a quarter of 400 pixels to the left: 2 * 100 / 400
    assert wipe(browser) is None


# judgement of the picture


def test_a_judgement_is_one_click_and_is_counted() -> None:
    daemon = Daemon(facts={"opinions": {"counts": {"better": 0, "same": 0, "worse": 0}}})
    browser = open_page(daemon)
    assert browser.is_shown("opinion")
    assert not browser.is_shown("opinion-forget")
    daemon.facts["opinions"] = {"counts": {"better": 2, "same": 0, "worse": 1}}
    browser.dispatch("document.querySelectorAll('[data-opinion]')[0]", "click")
    assert browser.asked("command")[-1].json == {"opinion": "better"}
    assert browser.text("opinion-count") == "On this machine: 2 better, 1 worse"
    daemon.facts["opinions"] = {"counts": {"better": 0, "same": 0, "worse": 0}}
    browser.dispatch("document.getElementById('opinion-forget')", "click")
    assert browser.asked("command")[-1].json == {"forget_opinions": True}
    assert not browser.is_shown("opinion-forget")


@pytest.mark.parametrize("facts", [{}, {"opinions": {"counts": None}}])
def test_a_camera_that_keeps_no_judgements_is_asked_for_none(facts: dict[str, Any]) -> None:
    browser = open_page(Daemon(facts=facts))
    assert not browser.is_shown("opinion")


def test_a_card_cannot_be_judged() -> None:
    counts = {"counts": {"better": 0, "same": 0, "worse": 0}}
    browser = open_page(Daemon(STATUS | {"state": "paused"}, facts={"opinions": counts}))
    assert browser.get("document.querySelectorAll('[data-opinion]').every((each) => each.disabled)")
