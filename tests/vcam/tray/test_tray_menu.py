"""From what the control API tells to words, icons and entries; no bus, no desktop."""

import json
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

import pytest
from fake_camera import RUNNING

from vcam.tray.answers import Choice, Findings, read_choices, read_findings
from vcam.tray.entry import Ask, Entry, Own, Run, Toggle
from vcam.tray.icons import PLATE, SIDES, pixmaps, symbolic_svg
from vcam.tray.menu import LINE, MOST_LINES, Known, menu_of
from vcam.tray.state import Kind, Reading, State, state_of


def reading(**status: object) -> Reading:
    return Reading({**RUNNING, **status}, is_running=True)


def all_of(entries: Sequence[Entry]) -> Iterator[Entry]:
    for entry in entries:
        yield entry
        yield from all_of(entry.children)


def menu(known: Known) -> dict[str, Entry]:
    entries = list(all_of(menu_of(known)))
    found = {entry.key: entry for entry in entries}
    assert len(found) == len(entries), "two entries have one key"
    return found


def marked(known: Known, prefix: str) -> list[str]:
    entries = menu(known).values()
    return [entry.label for entry in entries if entry.key.startswith(prefix) and entry.is_on]


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (Reading(), State(Kind.OFF, "Not running")),
        (Reading(is_running=True), State(Kind.IDLE, "Starting")),
        (Reading(is_running=True, is_silent=True), State(Kind.TROUBLE, "Not answering")),
        (reading(), State(Kind.LIVE, "Live")),
        (reading(warnings=["too slow", "dim"]), State(Kind.LIVE, "Live", "too slow")),
        (reading(freeze=True), State(Kind.LIVE, "Live, picture frozen")),
        (reading(state="starting"), State(Kind.IDLE, "Starting")),
        (reading(state="idle: nobody watches"), State(Kind.IDLE, "Idle", "nobody watches")),
        (
            reading(state="paused: the output is released"),
            State(Kind.PAUSED, "Paused", "the output is released"),
        ),
        (
            reading(state="waiting for camera: x: y"),
            State(Kind.TROUBLE, "Waiting for camera", "x: y"),
        ),
        (reading(state="pass-through: bad model"), State(Kind.TROUBLE, "Pass-through", "bad model")),
        (
            reading(state="running without its link: no codec"),
            State(Kind.TROUBLE, "Running without its link", "no codec"),
        ),
        (reading(state="resting"), State(Kind.IDLE, "Resting")),
        (reading(state=3), State(Kind.IDLE, "State unknown")),
    ],
)
def test_the_state_is_said_in_words_with_its_cause(told: Reading, shown: State) -> None:
    assert state_of(told) == shown


def test_a_camera_that_is_off_can_only_be_started() -> None:
    entries = menu(Known())
    assert entries["start"].action == Run(("start",))
    assert not {"stop", "pause", "strength", "camera", "link"} & entries.keys()


def test_a_camera_that_does_not_answer_can_be_stopped_and_nothing_else() -> None:
    entries = menu(Known(Reading(is_running=True, is_silent=True)))
    assert entries["stop"].action == Run(("stop",))
    assert not {"start", "pause", "resume", "strength"} & entries.keys()


def test_what_runs_can_be_paused_and_what_is_paused_resumed() -> None:
    assert menu(Known(reading()))["pause"].action == Ask({"pause": True})
    paused = menu(Known(reading(state="paused")))
    assert paused["resume"].action == Ask({"resume": True})
    assert "pause" not in paused


def test_freeze_is_offered_only_where_the_camera_tells_of_it() -> None:
    assert "freeze" not in menu(Known(reading()))
    for is_frozen in (False, True):
        entry = menu(Known(reading(freeze=is_frozen)))["freeze"]
        assert (entry.toggle, entry.is_on) == (Toggle.CHECK, is_frozen)
        assert entry.action == Ask({"set": {"freeze": not is_frozen}})


def test_a_setting_is_marked_where_it_is_also_between_the_steps() -> None:
    assert marked(Known(reading(strength=0.5)), "strength/") == ["50%"]
    assert marked(Known(reading(strength=1 / 3)), "strength/") == ["33%"]
    assert menu(Known(reading()))["strength/0.75"].action == Ask({"set": {"strength": 0.75}})


@pytest.mark.parametrize("value", [None, True, "1", float("nan"), -0.1, 1.1, 10**400, [0.5]])
def test_a_setting_that_the_camera_does_not_have_now_is_left_out(value: object) -> None:
    assert "crispness" not in menu(Known(reading(crispness=value)))


def test_one_camera_is_marked_though_two_have_its_name() -> None:
    cameras = (Choice("USB Camera", "/dev/video0"), Choice("USB Camera", "/dev/video2"))
    known = Known(reading(), cameras)
    assert [entry.is_on for entry in menu(known)["camera"].children[2:]] == [True, False]
    assert menu(known)["camera//dev/video2"].action == Ask({"set": {"source": "/dev/video2"}})


def test_a_source_that_is_no_camera_is_named_and_cannot_be_clicked() -> None:
    entry = menu(Known(reading(source="rtsp://cam:554")))["camera-other"]
    assert (entry.label, entry.is_on, entry.is_enabled) == ("rtsp://cam:554", True, False)


def test_the_link_is_off_or_one_of_its_profiles_or_the_user_s_own() -> None:
    assert marked(Known(reading()), "link") == ["Off"]
    assert marked(Known(reading(link="270p")), "link") == ["270p"]
    assert marked(Known(reading(link="270p,loss=0.02")), "link") == ["270p,loss=0.02"]


def test_a_long_cause_is_folded_and_an_endless_one_cut() -> None:
    entries = menu(Known(reading(state=f"waiting for camera: {'why ' * 500}")))
    lines = [entry.label for key, entry in entries.items() if key.startswith("cause/")]
    assert len(lines) == MOST_LINES
    assert all(len(line) <= LINE for line in lines)
    assert lines[-1].endswith("…")


def test_nothing_is_asked_of_the_camera_by_quitting_the_tray() -> None:
    assert menu(Known(reading()))["quit"].action is Own.QUIT


def test_the_doctor_is_asked_answers_and_may_be_asked_again() -> None:
    assert menu(Known())["diagnose"].action is Own.DIAGNOSE
    assert not menu(Known(findings=Findings(is_looking=True)))["diagnosing"].is_enabled
    found = menu(Known(findings=Findings("no module", "sudo modprobe x")))
    assert (found["finding/0"].label, found["fix/0"].label) == ("no module", "Run: sudo modprobe x")
    assert menu(Known(findings=Findings()))["finding/0"].label == "No problem found"


def test_the_first_problem_goes_before_warnings() -> None:
    findings = [
        {"level": "ok", "message": "fine", "fix": ""},
        {"level": "warning", "message": "dim", "fix": "lamp on"},
        {"level": "problem", "message": "no module", "fix": "modprobe"},
    ]
    assert read_findings(json.dumps({"findings": findings})) == Findings("no module", "modprobe")
    assert read_findings(json.dumps({"findings": findings[:2]})) == Findings("dim", "lamp on")
    assert read_findings(json.dumps({"findings": findings[:1]})) == Findings()


def test_only_cameras_that_can_be_a_source_are_choices() -> None:
    cameras = [
        {"name": "A", "source": "/dev/video0", "fault": "", "drawback": ""},
        {"name": "B", "source": "/dev/video1", "fault": "hangs", "drawback": ""},
        {"name": "C", "source": "/dev/video2", "fault": "", "drawback": "raw"},
    ]
    assert read_choices(json.dumps({"cameras": cameras})) == (Choice("A", "/dev/video0"),)


@pytest.mark.parametrize("answer", ["", "[]", "{", '{"cameras": 5, "findings": {}}', "[" * 10**5])
def test_a_wrong_answer_names_nothing(answer: str) -> None:
    assert (read_choices(answer), read_findings(answer)) == ((), Findings())


@pytest.mark.parametrize("kind", Kind)
def test_an_icon_is_one_colour_s_svg_and_pixmaps_in_all_sizes(kind: Kind) -> None:
    root = ElementTree.fromstring(symbolic_svg(kind))
    assert [child.tag.rpartition("}")[2] for child in root] == ["style", "path"]
    assert [(one.side, len(one.argb)) for one in pixmaps(kind)] == [(side, 4 * side * side) for side in SIDES]


def test_pixmaps_are_in_network_order_and_differ_by_state() -> None:
    by_kind = {kind: pixmaps(kind)[-1] for kind in Kind}
    assert len({one.argb for one in by_kind.values()}) == len(Kind)
    for one in by_kind.values():
        assert one.argb[0] == 0  # the corner is transparent
        on_plate = 4 * (one.side * (one.side // 2) + 2)  # left of the lens, halfway down
        assert one.argb[on_plate : on_plate + 4] == bytes([255, *PLATE])
