"""What the server asks of a worker, and what it is answered."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from vcam.serve.options import PictureOptions, VideoOptions
from vcam.serve.picture import Restored
from vcam.serve.refusal import RefusedError


@dataclass(frozen=True)
class PictureTask:
    """A picture file to restore; its outcome is a Restored."""

    content: bytes
    options: PictureOptions


@dataclass(frozen=True)
class ProbeTask:
    """A recording that was sent: can it be read, and be of this size? Its outcome is Fine."""

    path: Path
    options: VideoOptions


@dataclass(frozen=True)
class VideoTask:
    """A recording to restore into a file that is not there yet; its outcome is a VideoDone."""

    path: Path
    target: Path
    options: VideoOptions


@dataclass(frozen=True)
class Fine:
    """A recording can be read."""


@dataclass(frozen=True)
class VideoDone:
    """The target is there, of so many frames.

    notes  what could not be carried over, a sentence each
    """

    frames: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ModelFacts:
    """A model that is loaded, for people."""

    name: str
    provider: str
    has_crisp_look: bool


@dataclass(frozen=True)
class Ready:
    """All models are loaded and warm; best picture first."""

    models: tuple[ModelFacts, ...]


@dataclass(frozen=True)
class Failed:
    """The worker cannot start; `message` says why."""

    message: str


@dataclass(frozen=True)
class Progress:
    """Frames that are restored so far, and how many there are, 0 if that is not known."""

    frames: int
    total: int


@dataclass(frozen=True)
class Bug:
    """The task ended in an error that nobody foresaw; the worker's log has it."""

    kind: str


Task: TypeAlias = PictureTask | ProbeTask | VideoTask
Outcome: TypeAlias = Restored | Fine | VideoDone | RefusedError | Bug
