"""A study in its folder: what is compared, the pairs of clips, and the key that lets people in."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import TypeAdapter, ValidationError

from vcam.errors import ConfigError
from vcam.frame import Size
from vcam.partial import make_partial
from vcam.regular import read_small

FILE, MEDIA, RESULTS = "study.json", "media", "results.sqlite"
LARGEST = 4_000_000  # bytes of the file; a study of a thousand pairs has a tenth of that
ENDING = ".webm"

Kind: TypeAlias = Literal["training", "gold", "test"]
Layout: TypeAlias = Literal["sequential", "side"]
LAYOUTS: tuple[Layout, ...] = ("sequential", "side")


@dataclass(frozen=True)
class Pair:
    """Two clips of the same scene.

    id        short and unique in the study
    kind      training, gold (a question whose answer is known) or test
    clip      the name of the clip that both show
    link      the simulated link that it was sent over first; "off" for none
    a, b      names of files in the media folder; they tell nothing of what is in them
    expected  of a gold question: the score of b over a that everybody gives, to one step; else None
    """

    id: str
    kind: Kind
    clip: str
    link: str
    a: str
    b: str
    expected: int | None = None

    @property
    def scene(self) -> str:
        return self.clip if self.link == "off" else f"{self.clip} over {self.link}"


@dataclass(frozen=True)
class Study:
    """What a study compares.

    a, b        the two systems by name; scores say how much better b is than a
    layout      "sequential": one clip after the other, as P.910 has it; "side": both at once
    box         that all clips fit into, (width, height)
    seconds     of the longest clip
    worst_db    PSNR of the worst frame of any clip after its encoding for browsers, in dB; None: lossless
    key         lets people in; it stands behind the `#` of the address
    """

    title: str
    a: str
    b: str
    layout: Layout
    box: Size
    seconds: float
    worst_db: float | None
    pairs: tuple[Pair, ...]
    key: str

    def of_kind(self, kind: Kind) -> Sequence[Pair]:
        return [pair for pair in self.pairs if pair.kind == kind]

    def pair(self, id: str) -> Pair:
        return next(pair for pair in self.pairs if pair.id == id)


def new_key() -> str:
    return secrets.token_urlsafe(16)


def new_file_name() -> str:
    """A name for a clip that tells nothing of what is in it."""
    return f"{secrets.token_hex(12)}{ENDING}"


def write_study(folder: Path, study: Study) -> None:
    """Write the study's file, whole or not at all. Raises OSError."""
    partial = make_partial(folder / FILE)
    partial.write_bytes(TypeAdapter(Study).dump_json(study, indent=1))
    partial.replace(folder / FILE)


def read_study(folder: Path) -> Study:
    """Read what `write_study` wrote. Raises ConfigError if it is not there or cannot be used."""
    path = folder / FILE
    try:
        study = TypeAdapter(Study).validate_json(read_small(path, LARGEST))
    except FileNotFoundError:
        raise ConfigError(
            f"no study in {folder}: make one first, with: sharpkd mos prepare {folder}"
        ) from None
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "its text"
        raise ConfigError(f"{path} is not a study, at {where}: {first['msg']}; prepare it again") from None
    for pair in study.pairs:
        for name in (pair.a, pair.b):
            if Path(name).name != name or not (folder / MEDIA / name).is_file():
                raise ConfigError(
                    f"{path} names the clip {name[:80]}, which is not in {MEDIA}/; prepare it again"
                )
    return study
