"""The settings as people and programs list them."""

from dataclasses import dataclass, fields

from vcam.config.messages import as_written
from vcam.config.settings import FIXED, KEYS, Config
from vcam.config.tables import list_controls

KINDS = {bool: "bool", int: "int", float: "float", str: "text"}


@dataclass(frozen=True)
class Setting:
    """What is known of one setting; values are as files have them.

    kind     bool, int, float, text, choice or size
    range    both ends are included; None for no numbers
    choices  all values of a choice; None for the other kinds
    help     one sentence
    needs    restart: it changes with the next start of the output; nothing: at once
    """

    name: str
    kind: str
    default: object
    range: tuple[float, float] | None
    choices: tuple[object, ...] | None
    help: str
    needs: str


def _read_settings() -> tuple[Setting, ...]:
    return tuple(
        Setting(
            each.name,
            "choice" if each.metadata["choices"] else KINDS.get(KEYS[each.name], "size"),
            as_written(each.default),
            each.metadata["range"],
            each.metadata["choices"] or None,
            each.metadata["help"],
            "restart" if each.name in FIXED else "nothing",
        )
        for each in fields(Config)
        if each.metadata
    )


SETTINGS = _read_settings()  # all but the tables, in the order of Config


def list_changes(config: Config, saved: Config) -> tuple[str, ...]:
    """Names of the settings that differ from those of the file, a camera's control as camera.NAME.CONTROL."""
    names = [one.name for one in SETTINGS if getattr(config, one.name) != getattr(saved, one.name)]
    now, then = list_controls(config.camera), list_controls(saved.camera)
    return (*names, *(key for key in {**then, **now} if now.get(key) != then.get(key)))
