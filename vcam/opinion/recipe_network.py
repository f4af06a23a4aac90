"""A published system: the network of weights/recipes/NAME.onnx, on the picture of the output's size."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime

from vcam.conversion.opencv import from_bgr, to_bgr
from vcam.errors import ModelError
from vcam.frame import Frame, Size, resize
from vcam.restore.onnx_file import check_self_contained

CHANNELS = {"luma": 1, "rgb": 3}


class RecipeNetwork:
    """Restores clips with a network that a recipe has published.

    The file takes `seen`, (1, frames*C, H, W) float32 in 0..1, and gives `restored`, (1, C, H, W), for the
    middle one of the frames. C is 1 for luma in BT.601 limited range and 3 for full-range RGB. Its metadata
    says `colour`, `frames` and `multiple`, which H and W must be multiples of.

    Raises ModelError if the file is missing or is not like that.
    """

    def __init__(self, path: Path, threads: int = 0) -> None:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelError(f"cannot read {path}: {error.strerror}; choose another system") from None
        check_self_contained(content, path.stem)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
            facts = self._session.get_modelmeta().custom_metadata_map
            self._is_luma = facts["colour"] == "luma"
            self._frames, self._multiple = int(facts["frames"]), int(facts["multiple"])
            channels = CHANNELS[facts["colour"]] * self._frames
        except Exception as error:  # ONNX Runtime raises kinds of its own for a file that it cannot read
            raise ModelError(
                f"{path} is not the network of a recipe: {error}; choose another system"
            ) from None
        (seen,) = self._session.get_inputs()[:1]
        if seen.name != "seen" or seen.shape[1] != channels or self._frames % 2 == 0 or self._multiple < 1:
            raise ModelError(f"{path} takes {seen.name} {seen.shape}, expected seen of {channels} channels")

    def restore(self, frames: Sequence[Frame], size: Size) -> list[Frame]:
        """Frames of the size, restored; before the first and after the last one, these are repeated."""
        bases = [resize(frame, size) for frame in frames]
        reach, last = self._frames // 2, len(bases) - 1
        restored = []
        for index, base in enumerate(bases):
            near = [min(max(place, 0), last) for place in range(index - reach, index + reach + 1)]
            planes = np.concatenate([self._planes(bases[place]) for place in near])[None]
            result = self._session.run(None, {"seen": planes})[0][0]
            restored.append(self._frame(result[:, : base.height, : base.width], base))
        return restored

    def _planes(self, frame: Frame) -> npt.NDArray[np.float32]:
        """(C, H, W) in 0..1, padded to multiples by reflection."""
        if self._is_luma:
            planes = frame.y[None].astype(np.float32) / 255
        else:
            rgb = cv2.cvtColor(to_bgr(frame), cv2.COLOR_BGR2RGB)
            planes = rgb.transpose(2, 0, 1).astype(np.float32) / 255
        below, right = -frame.height % self._multiple, -frame.width % self._multiple
        return np.pad(planes, ((0, 0), (0, below), (0, right)), "reflect")

    def _frame(self, planes: npt.NDArray[np.float32], base: Frame) -> Frame:
        pixels = np.clip(np.rint(planes * 255), 0, 255).astype(np.uint8)
        if self._is_luma:
            return replace(base, y=np.ascontiguousarray(pixels[0]))
        made = from_bgr(cv2.cvtColor(np.ascontiguousarray(pixels.transpose(1, 2, 0)), cv2.COLOR_RGB2BGR))
        return replace(base, y=made.y, u=made.u, v=made.v)
