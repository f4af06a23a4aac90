"""Contenders without a file of their own (filters), and the shipped models."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import cv2

from distill.evaluate.contenders import Contender, Run, timing_planes, to_pixels, upscale, with_luma
from vcam.frame import Frame, Plane, Size
from vcam.manifest import read_manifest
from vcam.restore import Engine, Model, Restorer
from vcam.restore.tuning import FIRST_WAIT, INERTIA, LOOK_EVERY, TOLERANCE


@dataclass(frozen=True)
class Resampled:
    """Plain interpolation of all planes."""

    name: str
    title: str
    interpolation: int
    kind: str = "filter"

    @property
    def key(self) -> str:
        return f"{self.name} 1"

    def restore(self, seen: Sequence[Frame], size: Size, indices: Sequence[int]) -> Iterator[Frame]:
        yield from (upscale(seen[index], size, self.interpolation) for index in indices)

    def network_run(self, size: Size) -> None:
        return None

    def note(self, scale: int) -> str:
        return ""


@dataclass(frozen=True)
class Unsharp:
    """The bicubic picture with its luma sharpened: y + strength * (y - blurred y)."""

    strength: float
    blur_px: float  # standard deviation of the blur
    kind: str = "filter"

    @property
    def name(self) -> str:
        return f"unsharp {self.strength:g}"

    @property
    def title(self) -> str:
        return f"bicubic, then an unsharp mask of {self.strength:g}, sigma {self.blur_px:g}"

    @property
    def key(self) -> str:
        return f"unsharp 1 {self.strength} {self.blur_px}"

    def restore(self, seen: Sequence[Frame], size: Size, indices: Sequence[int]) -> Iterator[Frame]:
        for index in indices:
            base = upscale(seen[index], size)
            yield with_luma(base, sharpen(base.y, self.strength, self.blur_px))

    def network_run(self, size: Size) -> None:
        return None

    def note(self, scale: int) -> str:
        return ""


def sharpen(luma: Plane, strength: float, blur_px: float) -> Plane:
    """Unsharp mask of an (H, W) uint8 plane; `blur_px` is the standard deviation of the blur."""
    return cv2.addWeighted(luma, 1 + strength, cv2.GaussianBlur(luma, (0, 0), blur_px), -strength, 0)


class Shipped:
    """A published model with one of its looks, run by the camera's own restorer."""

    kind = "shipped"

    def __init__(self, model: Model, crispness: float = 0.0) -> None:
        spec = model.spec
        self.model, self.crispness = model, crispness
        self.name = crisp_name(spec.name) if crispness else spec.name
        self.title = f"{self.name}, {model.precision}, as shipped"
        rule = f"in order {crispness:g} {FIRST_WAIT} {LOOK_EVERY} {INERTIA} {TOLERANCE}"
        self.key = " ".join([*(file.sha256 for file in spec.files.values()), rule])

    def restore(self, seen: Sequence[Frame], size: Size, indices: Sequence[int]) -> Iterator[Frame]:
        """Restore as the camera does: every frame in order from the first, because the stage has state."""
        restorer, wanted = Restorer(self.model, size, crispness=self.crispness), set(indices)
        restored = {}
        for index, frame in enumerate(seen[: max(wanted) + 1]):
            shown = restorer(frame)
            if index in wanted:
                restored[index] = shown
        yield from (restored[index] for index in indices)

    def frame_run(self, seen: Sequence[Frame], size: Size) -> Run:
        restorer, frames = Restorer(self.model, size, crispness=self.crispness), cycle(seen)
        return lambda: restorer(next(frames))

    def network_run(self, size: Size) -> Run:
        width, height = size
        cells = self.model.cells_of(to_pixels(timing_planes(1, height, width)[0]))
        return lambda: self.model.residual(cells)

    def note(self, scale: int) -> str:
        return ""


class Sharpened:
    """Another contender's picture with its luma sharpened by an unsharp mask."""

    def __init__(self, base: Contender, mask: Unsharp) -> None:
        self.base, self.mask, self.kind = base, mask, base.kind
        self.name, self.title = f"{base.name} {mask.name}", f"{base.title}, then {mask.name}"
        self.key = f"{base.key}, {mask.key}"

    def restore(self, seen: Sequence[Frame], size: Size, indices: Sequence[int]) -> Iterator[Frame]:
        for frame in self.base.restore(seen, size, indices):
            yield with_luma(frame, sharpen(frame.y, self.mask.strength, self.mask.blur_px))

    def network_run(self, size: Size) -> Run | None:
        return self.base.network_run(size)

    def note(self, scale: int) -> str:
        return self.base.note(scale)


def crisp_name(model: str) -> str:
    """The contender's name for the crisp look of a model."""
    return f"{model} crisp"


def filters() -> list[Contender]:
    """The baselines without a network; the first is the input that gains are relative to."""
    return [
        Resampled("bicubic", "bicubic: the input", cv2.INTER_CUBIC),
        Resampled("lanczos", "Lanczos, 8x8", cv2.INTER_LANCZOS4),
        Unsharp(0.15, 0.71),  # the last step of a published student; its 3x3 binomial blur is this one
        Unsharp(0.3, 2.0),
    ]


def shipped(weights: Path, threads: int) -> list[Contender]:
    """Every look of every model of a weights folder, on the CPU.

    Raises ModelError if there is none, or it is damaged.
    """
    models = [Model(spec, weights, Engine("cpu", threads)) for spec in read_manifest(weights).values()]
    looks = [(model, float(look)) for model in models for look in range(model.spec.looks)]
    return [Shipped(model, crispness) for model, crispness in looks]
