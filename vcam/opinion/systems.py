"""What can be compared: the input, our models, a published system, and somebody else's files."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from vcam.camera.model_choice import NO_LIMIT
from vcam.camera.parts import folder_of, load_model
from vcam.config import Config
from vcam.errors import ConfigError, SourceError
from vcam.frame import Frame, Size, resize
from vcam.manifest import read_manifest
from vcam.opinion.recipe_network import RecipeNetwork
from vcam.restore import Restorer
from vcam.sources.file import FileSource
from vcam.spelling import closest

INPUT, CRISP = "input", "crisp"
SECOND_NS = 1_000_000_000
ENDINGS = (".mp4", ".mkv", ".webm", ".mov", ".avi", ".y4m")

System: TypeAlias = Callable[[Path, Sequence[Frame], Size], list[Frame]]
"""Makes the frames to show of a clip: (its file, its frames after the link, size) to frames of that size."""


def find_system(name: str, config: Config) -> System:
    """The system of a name: `input`, a model, `crisp` (the best model's crisp look), a network of
    weights/recipes, or a video file or folder of files that another program made of the clips.

    Raises ConfigError for a name that is nothing of these.
    """
    folder = folder_of(config)
    models, recipes = list(read_manifest(folder)), _recipes(folder)
    if name == INPUT:
        return lambda clip, frames, size: [resize(frame, size) for frame in frames]
    if name == CRISP or name in models:
        return _model(replace(config, model="auto" if name == CRISP else name), float(name == CRISP))
    if name in recipes:
        network = RecipeNetwork(folder / "recipes" / f"{name}.onnx", config.threads)
        return lambda clip, frames, size: network.restore(frames, size)
    if is_theirs(name, config):
        return lambda clip, frames, size: _read_theirs(Path(name), clip, frames, size)
    known = [INPUT, *models, CRISP, *recipes]
    raise ConfigError(
        f"no system {name!r}{closest(name, known)}; expected a video file, a folder of them, or one of: "
        f"{', '.join(known)}"
    )


def is_theirs(name: str, config: Config) -> bool:
    """Whether a name means files of another program; a name of ours wins over a file of that name."""
    folder = folder_of(config)
    return name not in (INPUT, CRISP, *read_manifest(folder), *_recipes(folder)) and Path(name).exists()


def _recipes(folder: Path) -> list[str]:
    return sorted(path.stem for path in (folder / "recipes").glob("*.onnx"))


def _model(config: Config, crispness: float) -> System:
    def restore(clip: Path, frames: Sequence[Frame], size: Size) -> list[Frame]:
        """A stage of its own for each clip: it holds the past."""
        restorer = Restorer(load_model(replace(config, size=size), NO_LIMIT), size, crispness=crispness)
        return [restorer(frame) for frame in frames]

    return restore


def read_clip(path: Path, seconds: float) -> tuple[list[Frame], float]:
    """The frames of the first seconds of a clip, and its rate. Raises SourceError."""
    with FileSource(path, realtime=False) as source:
        fps = float(source.fps)
        frames: list[Frame] = []
        for frame in source:
            if frames and frame.captured_ns - frames[0].captured_ns >= seconds * SECOND_NS:
                break
            frames.append(frame)
    if len(frames) < 2:
        raise SourceError(f"{path} is a picture, expected a video: name another clip")
    return frames, fps


def _read_theirs(place: Path, clip: Path, frames: Sequence[Frame], size: Size) -> list[Frame]:
    """Frames that another program made of the clip, at the clip's times."""
    path = place if place.is_file() else _same_name(place, clip)
    found, _ = read_clip(path, math.inf)
    if len(found) < len(frames):
        raise SourceError(
            f"{path} has {len(found)} frames, expected the {len(frames)} that are shown of {clip.name}: give "
            "a file that has every frame, or fewer --seconds"
        )
    return [
        replace(resize(theirs, size), captured_ns=ours.captured_ns)
        for theirs, ours in zip(found, frames, strict=False)
    ]


def _same_name(folder: Path, clip: Path) -> Path:
    found = [path for path in sorted(folder.glob(f"{clip.stem}.*")) if path.suffix.lower() in ENDINGS]
    if not found:
        raise SourceError(f"no video {clip.stem}.* in {folder}; each clip needs one of its own name there")
    return found[0]
