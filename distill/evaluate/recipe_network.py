"""A recipe's network as a contender: weights/recipes/NAME.onnx, with its record NAME.json beside it."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from distill.evaluate.contenders import (
    Planes,
    Run,
    from_rgb,
    open_session,
    read_network,
    timing_planes,
    to_pixels,
    to_rgb,
    upscale,
    with_luma,
)
from vcam.errors import ModelError
from vcam.frame import Frame, Size

CHANNELS = {"luma": 1, "rgb": 3}
KIND_IN_SWEEP = {"student": "recipe", "teacher": "teacher"}  # kind in a record: kind in a sweep


class RecipeNetwork:
    """A network on the bicubic picture of the output size.

    The file's contract: `seen` (1, frames*C, H, W) float32 in 0..1 in, `restored` (1, C, H, W) out, not
    clamped; C is 1 for luma (Y as it is, BT.601 limited range) and 3 for rgb (full range); the middle one
    of the frames is restored. The ONNX metadata says `name`, `colour`, `frames` and `multiple`, which H and
    W must be multiples of.

    Beyond the ends of a clip the first and the last frame are repeated; pictures are padded by reflection at
    the right and the bottom. With a luma network, chroma is bicubic. Raises ModelError if the file does not
    follow this contract.
    """

    def __init__(
        self, path: Path, threads: int, kind: str = "recipe", title: str = "", macs_per_pixel: float = 0
    ) -> None:
        self.macs_per_pixel = macs_per_pixel
        content, self.key = read_network(path)
        self._session = open_session(content, threads, path)
        facts = self._session.get_modelmeta().custom_metadata_map
        try:
            self.name = str(facts["name"])
            self.colour = facts["colour"]
            self.frames, self.multiple = int(facts["frames"]), int(facts["multiple"])
            channels = CHANNELS[self.colour] * self.frames
        except (KeyError, ValueError) as error:
            raise ModelError(f"{path}: its metadata lacks or misspells {error}; {_REMEDY}") from None
        inputs = [(tensor.name, tensor.type, tensor.shape[1]) for tensor in self._session.get_inputs()]
        if inputs != [("seen", "tensor(float)", channels)] or self.frames % 2 == 0 or self.multiple < 1:
            raise ModelError(
                f"{path} takes {inputs}, {self.frames} frames, expected seen, float, {channels} channels "
                f"and an odd number of frames; {_REMEDY}"
            )
        self.kind = kind
        self.title = title or self.name

    def restore(self, seen: Sequence[Frame], size: Size, indices: Sequence[int]) -> Iterator[Frame]:
        reach = self.frames // 2
        for index in indices:
            near = [min(max(place, 0), len(seen) - 1) for place in range(index - reach, index + reach + 1)]
            bases = {place: upscale(seen[place], size) for place in set(near)}
            planes = {place: self._planes(base) for place, base in bases.items()}
            yield self._frame(self._run([planes[place] for place in near]), bases[index])

    def network_run(self, size: Size) -> Run:
        width, height = (side + -side % self.multiple for side in size)
        seen = timing_planes(CHANNELS[self.colour] * self.frames, height, width)[None]
        return lambda: self._session.run(None, {"seen": seen})

    def note(self, scale: int) -> str:
        return ""

    def _planes(self, frame: Frame) -> Planes:
        """The frame's (C, H, W) in 0..1, H and W multiples of `multiple`."""
        is_luma = self.colour == "luma"
        planes = np.divide(frame.y[None], 255, dtype=np.float32) if is_luma else to_rgb(frame)
        below, right = -frame.height % self.multiple, -frame.width % self.multiple
        return np.pad(planes, ((0, 0), (0, below), (0, right)), "reflect") if below or right else planes

    def _run(self, window: Sequence[Planes]) -> Planes:
        return self._session.run(None, {"seen": np.concatenate(window)[None]})[0][0]

    def _frame(self, restored: Planes, base: Frame) -> Frame:
        """A frame from (C, H, W), without the padding."""
        cut = restored[:, : base.height, : base.width]
        return with_luma(base, to_pixels(cut[0])) if self.colour == "luma" else from_rgb(cut, base)


_REMEDY = "export it again: python -m distill run --recipe NAME"


def recipe_networks(folder: Path, threads: int) -> list[RecipeNetwork]:
    """All networks of a folder of recipes, sorted by name; empty if there is no such folder."""
    return [open_recipe(path, threads) for path in sorted(folder.glob("*.onnx"))]


def open_recipe(path: Path, threads: int) -> RecipeNetwork:
    """A recipe's network, with kind and title from the record beside it, if there is one."""
    record = path.with_suffix(".json")
    if not record.exists():
        return RecipeNetwork(path, threads)
    try:
        facts = json.loads(record.read_text(encoding="utf-8"))
        return RecipeNetwork(
            path, threads, KIND_IN_SWEEP[facts["kind"]], str(facts["title"]), float(facts["macs_per_pixel"])
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{record} lacks or misspells {error}; {_REMEDY}") from None
