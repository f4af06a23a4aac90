"""What clients can read of a camera beside its status."""

from dataclasses import asdict
from pathlib import Path

from vcam.config import SETTINGS, Config, as_written
from vcam.config_file import SavedSettings
from vcam.errors import ConfigError
from vcam.manifest import ModelSpec, read_manifest
from vcam.model_versions import versions_of
from vcam.public import public_text
from vcam.regular import read_small, stat_of

CARD = "MODEL_CARD.md"
LARGEST_CARD = 200_000  # bytes; ours has 10,000


def list_settings(config: Config, saved: SavedSettings | None) -> dict[str, object]:
    """All settings with value, default, range, help, and what is saved; `fault` says why that is not known.

    Addresses are without their passwords. `file` is a path: for the user's own eyes.
    """
    kept, fault = None, ""
    try:
        kept = saved.last() if saved else None
    except ConfigError as error:
        fault = str(error)
    unsaved = find_unsaved(config, saved)
    return {
        "settings": [
            {
                **asdict(one),
                "value": _shown(config, one.name),
                "saved": None if kept is None else _shown(kept, one.name),
                "is_unsaved": one.name in unsaved,
            }
            for one in SETTINGS
        ],
        "file": str(saved.path) if saved else "",
        "fault": fault,
    }


def find_unsaved(config: Config, saved: SavedSettings | None) -> tuple[str, ...]:
    """Names of the settings that wait to be saved; none while that cannot be known."""
    try:
        return saved.unsaved(config) if saved else ()
    except ConfigError:
        return ()


def list_models(folder: Path, running: str) -> dict[str, object]:
    """The models of a weights folder, best picture first. Raises ModelError.

    running  the name of the one that restores pictures now

    Each says how many versions it has replaced that one can go back to.
    """
    card = _read_card(folder)
    return {
        "models": [
            {
                "name": spec.name,
                "title": spec.name.replace("-", " ").replace("_", " ").capitalize(),
                "is_running": spec.name == running,
                "looks": spec.looks,
                "size_mb": round(_size_of(folder, spec) / 1e6, 6),
                "macs_per_pixel": spec.macs_per_pixel,
                "measured": spec.measured,
                "replaced": len(versions_of(folder, spec.name)) - 1,
                "data": spec.data,
                "recipe": spec.recipe,
                "card": card,
            }
            for spec in read_manifest(folder).values()
        ]
    }


def _read_card(folder: Path) -> str:
    """The models' card, which they share; empty where there is none."""
    try:
        return read_small(folder / CARD, LARGEST_CARD).decode(errors="replace")
    except OSError:
        return ""


def _size_of(folder: Path, spec: ModelSpec) -> int:
    """Bytes of all its files that are there."""
    return sum(_bytes_of(folder / file.name) for file in spec.files.values())


def _bytes_of(path: Path) -> int:
    try:
        return stat_of(path).st_size
    except OSError:
        return 0


def _shown(config: Config, name: str) -> object:
    value = as_written(getattr(config, name))
    return public_text(value) if isinstance(value, str) else value
