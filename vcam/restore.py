"""The restore stage: a bicubic base in uint8 plus the student's residual, by ONNX Runtime."""

import ctypes.util
import logging
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime

from vcam.errors import ModelError
from vcam.frame import Frame, Plane, Size, check_size, crop_to_aspect, resize
from vcam.manifest import ModelSpec, read_checked

log = logging.getLogger(__name__)

Cells = npt.NDArray[np.uint8]  # (1, H/cell, W/cell, cell*cell)

ZERO_RESIDUAL = 128
MAX_OUTPUT = (1920, 1080)
WARM_UP_RUNS = 5
GPU_PROVIDERS = ("TensorrtExecutionProvider", "CUDAExecutionProvider")
CPU_PROVIDER = "CPUExecutionProvider"


@dataclass(frozen=True)
class Engine:
    """What to run a model on."""

    provider: str = "auto"  # auto, cpu, cuda or tensorrt
    threads: int = 0  # of the CPU provider; 0: one a core, at most 4
    is_gpu_required: bool = False


def thread_count(engine: Engine) -> int:
    """Threads that the CPU provider runs a model on."""
    return engine.threads or min(4, os.cpu_count() or 1)


def to_cells(luma: Plane, cell: int) -> Cells:
    """Copy a luma plane (H, W) into cells (1, ceil(H/cell), ceil(W/cell), cell*cell).

    Rows and columns that are missing from the last cells repeat the picture's edge.
    """
    height, width = luma.shape
    below, right = -height % cell, -width % cell
    if below or right:
        luma = cv2.copyMakeBorder(luma, 0, below, 0, right, cv2.BORDER_REPLICATE)
    rows, columns = luma.shape[0] // cell, luma.shape[1] // cell
    # one row of a cell is one machine word: moving words instead of bytes is five times as fast
    words = luma.view(f"u{cell}").reshape(rows, cell, columns)
    return np.ascontiguousarray(words.transpose(0, 2, 1)).view(np.uint8).reshape(1, rows, columns, -1)


def from_cells(cells: Cells, cell: int, size: Size) -> Plane:
    """The inverse of `to_cells`: a plane of `size` (width, height); what the padding added is cut off."""
    width, height = size
    _, rows, columns, _ = cells.shape
    words = cells.view(f"u{cell}").reshape(rows, columns, cell)
    plane = np.ascontiguousarray(words.transpose(0, 2, 1)).view(np.uint8)
    return plane.reshape(rows * cell, columns * cell)[:height, :width]


class Model:
    """A loaded student: cells in, residual out.

    Raises ModelError if the file is not what the manifest names, cannot be loaded, does not keep the contract
    of ModelSpec, or if a GPU is required and the session does not run on one.
    """

    def __init__(self, spec: ModelSpec, folder: Path, engine: Engine | None = None) -> None:
        engine = engine or Engine()
        self.spec = spec
        self.warm_up_ms = 0.0  # median of the last warm-up, at its size
        wanted = _providers(engine)
        precision = "int8" if wanted == [CPU_PROVIDER] or "fp32" not in spec.files else "fp32"
        if precision not in spec.files:
            raise ModelError(f"model {spec.name!r} has no {precision} file; run: make distill")
        content = read_checked(folder, spec.files[precision])
        self._session = _open_session(content, spec, engine, wanted)
        self.provider: str = self._session.get_providers()[0]  # the one really in use
        self.precision = precision
        if engine.is_gpu_required and self.provider == CPU_PROVIDER:
            raise ModelError(
                "a GPU is required, but ONNX Runtime runs on the CPU here; "
                "install the NVIDIA driver, CUDA 12 and cuDNN 9, or leave --require-gpu out"
            )

    def residual(self, cells: Cells) -> Cells:
        """Run the network on (1, h, w, cell*cell) uint8; returns the residual plus 128, same shape."""
        return self._session.run(None, {"cells": cells})[0]

    def warm_up(self, size: Size) -> float:
        """Run at the output size until the timings are steady; returns the median milliseconds.

        Raises ModelError if what comes out is not the contract's shape and type.
        """
        width, height = size
        cells = to_cells(np.full((height, width), ZERO_RESIDUAL, np.uint8), self.spec.cell)
        times = []
        for _ in range(WARM_UP_RUNS):
            start = time.perf_counter()
            residual = self.residual(cells)
            times.append((time.perf_counter() - start) * 1e3)
        if residual.shape != cells.shape or residual.dtype != np.uint8:
            raise ModelError(
                f"model {self.spec.name!r} returns {residual.dtype} {residual.shape}, "
                f"expected uint8 {cells.shape}; run: make distill"
            )
        self.warm_up_ms = float(np.median(times))
        return self.warm_up_ms


def _providers(engine: Engine) -> list[str]:
    names = {
        "cpu": [CPU_PROVIDER],
        "cuda": ["CUDAExecutionProvider", CPU_PROVIDER],
        "tensorrt": [*GPU_PROVIDERS, CPU_PROVIDER],
        "auto": ["CUDAExecutionProvider", CPU_PROVIDER] if has_nvidia_driver() else [CPU_PROVIDER],
    }
    if engine.provider not in names:
        raise ModelError(f"no provider {engine.provider!r}; choose one of: {', '.join(names)}")
    available = onnxruntime.get_available_providers()
    return [name for name in names[engine.provider] if name in available]


def has_nvidia_driver() -> bool:
    """Whether NVIDIA's driver library is installed: without it, asking for CUDA only prints errors."""
    return ctypes.util.find_library("nvcuda" if sys.platform == "win32" else "cuda") is not None


def _open_session(content: bytes, spec: ModelSpec, engine: Engine, providers: list[str]) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = thread_count(engine)
    # beside a call, spinning threads take the cores that the call needs
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(content, options, providers=providers)
    except Exception as error:  # ONNX Runtime's own exceptions have no common base
        raise ModelError(f"cannot load the model {spec.name!r}: {error}; run: make distill") from None
    inputs = [(tensor.name, tensor.type, tensor.shape[-1]) for tensor in session.get_inputs()]
    if inputs != [("cells", "tensor(uint8)", spec.cell**2)]:
        raise ModelError(
            f"model {spec.name!r} takes {inputs}, "
            f"expected cells, uint8, {spec.cell**2} channels; run: make distill"
        )
    return session


class Restorer:
    """A stage that scales each frame to the output size and adds the student's residual to its luma.

    model      loaded and warm
    size       of the output, (width, height), even, at most 1920x1080 in either orientation
    strength   how much of the residual is added, 0..1; 0 leaves the plain bicubic picture

    Raises ValueError if size or strength is out of range.
    """

    def __init__(self, model: Model, size: Size, strength: float = 1.0) -> None:
        check_size(size)
        if max(size) > max(MAX_OUTPUT) or min(size) > min(MAX_OUTPUT):
            raise ValueError(f"output {size[0]}x{size[1]} is larger than 1920x1080")
        self.model = model
        self.size = size
        self.strength = strength

    @property
    def strength(self) -> float:
        return self._strength

    @strength.setter
    def strength(self, value: float) -> None:
        if not 0 <= value <= 1:
            raise ValueError(f"strength {value:g} is outside 0..1")
        self._strength = value

    def __call__(self, frame: Frame) -> Frame:
        """Restore a frame of any even size; the result is of the output size."""
        base = resize(crop_to_aspect(frame, self.size), self.size)
        strength = self._strength
        if strength == 0:
            return base
        cell = self.model.spec.cell
        residual = from_cells(self.model.residual(to_cells(base.y, cell)), cell, self.size)
        luma = cv2.addWeighted(base.y, 1, residual, strength, -ZERO_RESIDUAL * strength)
        return Frame(luma, base.u, base.v, base.index, base.captured_ns, base.is_cut)
