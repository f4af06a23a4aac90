"""The menu of a reading: values in, entries out."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field

from vcam.public import printable
from vcam.tray.answers import Choice, Findings
from vcam.tray.entry import Ask, Entry, Own, Run, Toggle, separator
from vcam.tray.state import Kind, Reading, flag, share, state_of, text, texts

LINE = 60  # characters; panels make a menu as wide as its longest entry
MOST_LINES = 4
MOST_CHOICES = 16  # of a submenu: one that leaves the screen cannot be used
STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)
SHARES = {"strength": "Strength", "crispness": "Crispness", "denoise": "Noise reduction"}


@dataclass(frozen=True)
class Known:
    """All that the menu is made of.

    failure   why the last click came to nothing; empty if it did not
    findings  None as long as the doctor was not asked
    """

    reading: Reading = field(default_factory=Reading)
    cameras: tuple[Choice, ...] = ()
    failure: str = ""
    findings: Findings | None = None


def menu_of(known: Known) -> tuple[Entry, ...]:
    """The whole menu, as it is to be shown now."""
    status = known.reading.status
    settings = (*_shares(status), *_cameras(known), *_links(status))
    return (
        *_state_lines(known),
        separator(1),
        *_power(known.reading),
        *((separator(2), *settings) if settings else ()),
        separator(3),
        Entry("open", "Open the panel", Run(("open",))),
        *_doctor(known.findings),
        separator(4),
        Entry("quit", "Quit the tray", Own.QUIT),
    )


def _state_lines(known: Known) -> list[Entry]:
    state = state_of(known.reading)
    return [
        *_lines("state", state.name),
        *_lines("cause", state.cause),
        *_lines("failure", known.failure),
    ]


def _lines(key: str, words: str) -> list[Entry]:
    """A sentence to read, folded into entries; none of an empty one."""
    folded = textwrap.wrap(printable(words), LINE, max_lines=MOST_LINES, placeholder=" …")
    return [Entry(f"{key}/{number}", line) for number, line in enumerate(folded)]


def _power(reading: Reading) -> list[Entry]:
    if not reading.is_running:
        return [Entry("start", "Start", Run(("start",)))]
    entries = [Entry("stop", "Stop", Run(("stop",)))]
    if not reading.status:
        return entries
    if state_of(reading).kind is Kind.PAUSED:
        entries.append(Entry("resume", "Resume", Ask({"resume": True})))
    else:
        entries.append(Entry("pause", "Pause", Ask({"pause": True})))
    is_frozen = flag(reading.status, "freeze")
    if is_frozen is not None:
        freeze = Ask({"set": {"freeze": not is_frozen}})
        entries.append(Entry("freeze", "Freeze the picture", freeze, Toggle.CHECK, is_frozen))
    return entries


def _shares(status: Mapping[str, object]) -> list[Entry]:
    """Submenus of the settings from 0 to 1 that the camera has now."""
    values = {key: share(status, key) for key in SHARES}
    return [_share(key, SHARES[key], value) for key, value in values.items() if value is not None]


def _share(key: str, label: str, value: float) -> Entry:
    steps = sorted({*STEPS, round(value, 2)})
    choices = [
        _radio(f"{key}/{step:g}", f"{step:.0%}", {key: step}, is_on=step == round(value, 2)) for step in steps
    ]
    return Entry(key, label, children=tuple(choices))


def _cameras(known: Known) -> list[Entry]:
    if not known.reading.status:
        return []
    current = text(known.reading.status, "source")
    names = [camera.name for camera in known.cameras]
    first = names.index(current) if current in names else None
    choices = [
        _radio(f"camera/{camera.source}", _short(camera.name), {"source": camera.source}, number == first)
        for number, camera in enumerate(known.cameras[:MOST_CHOICES])
    ]
    if first is None and current:  # a file, a stream: what it is, which no click can mean again
        choices.append(Entry("camera-other", _short(current), None, Toggle.RADIO, is_on=True))
    automatic = Entry("camera-auto", "Automatic", Ask({"set": {"source": "auto"}}))
    return [Entry("camera", "Camera", children=(automatic, separator(5), *choices))]


def _links(status: Mapping[str, object]) -> list[Entry]:
    """The simulated link: which profile the picture is damaged by, for trying."""
    profiles = list(dict.fromkeys(texts(status, "link_profiles")))[:MOST_CHOICES]
    if not profiles:
        return []
    current = text(status, "link")
    others = [current] if current and current not in profiles else []
    choices = [
        _radio(f"link/{name}", _short(name), {"link": name}, name == current) for name in (*profiles, *others)
    ]
    off = _radio("link-off", "Off", {"link": "off"}, is_on=not current)
    return [Entry("link", "Simulated link", children=(off, *choices))]


def _doctor(findings: Findings | None) -> list[Entry]:
    if findings is None:
        return [Entry("diagnose", "Look for problems", Own.DIAGNOSE)]
    if findings.is_looking:
        return [Entry("diagnosing", "Looking for problems…")]
    fix = f"Run: {findings.fix}" if findings.fix else ""
    return [
        *_lines("finding", findings.message or "No problem found"),
        *_lines("fix", fix),
        Entry("diagnose", "Look for problems again", Own.DIAGNOSE),
    ]


def _radio(key: str, label: str, settings: Mapping[str, object], is_on: bool) -> Entry:
    return Entry(key, label, Ask({"set": settings}), Toggle.RADIO, is_on)


def _short(name: str) -> str:
    return textwrap.shorten(printable(name), LINE, placeholder=" …") or "?"
