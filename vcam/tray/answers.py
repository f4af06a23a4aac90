"""What `sharpkd devices` and `sharpkd doctor` answer, each in its own process, since a driver may hang."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vcam.tray.state import text

DEVICES = ("devices", "--json")
DOCTOR = ("doctor", "--quick", "--json")


@dataclass(frozen=True)
class Choice:
    """A camera that can be chosen: its name, and the setting that means it."""

    name: str
    source: str


@dataclass(frozen=True)
class Findings:
    """What the doctor has said: its first finding and the command against it, or that it is still looking.

    message  empty if nothing has to be done
    """

    message: str = ""
    fix: str = ""
    is_looking: bool = False


def read_choices(answer: str) -> tuple[Choice, ...]:
    """The cameras that can be a source now, as `sharpkd devices --json` prints them."""
    usable = (
        one for one in _listed(answer, "cameras") if not text(one, "fault") and not text(one, "drawback")
    )
    choices = (Choice(text(one, "name"), text(one, "source")) for one in usable)
    return tuple(choice for choice in choices if choice.name and choice.source)


def read_findings(answer: str) -> Findings:
    """The first problem that `sharpkd doctor --json` prints, else the first warning, else nothing."""
    found = _listed(answer, "findings")
    for level in ("problem", "warning"):
        for one in found:
            if one.get("level") == level:
                return Findings(text(one, "message"), text(one, "fix"))
    return Findings()


def _listed(answer: str, key: str) -> Sequence[Mapping[str, object]]:
    """The objects of a list in a JSON object; none if the answer is something else."""
    try:
        content = json.loads(answer)
    except (ValueError, RecursionError):
        return []
    values = content.get(key) if isinstance(content, dict) else None
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []
