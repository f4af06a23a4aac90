"""Contenders: anything that makes a frame of the output size from the frames of a degraded clip."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

from vcam.conversion.opencv import from_bgr, to_bgr
from vcam.errors import ModelError
from vcam.frame import Frame, Plane, Size, crop_to_aspect, resize
from vcam.manifest import sha256_of
from vcam.restore import CPU_PROVIDER

SLOW_MACS = 40_000  # multiply-accumulates of a pixel; a second or more for a frame of 720 lines

Run: TypeAlias = Callable[[], object]
Planes: TypeAlias = npt.NDArray[np.float32]  # (C, H, W)


class Contender(Protocol):
    """A method of restoration.

    name   unique in a sweep
    kind   one of distill.evaluate.results.CONTENDER_KINDS
    title  displayed name
    key    a hash, or name and version, of everything that determines its pictures
    """

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def key(self) -> str: ...

    def restore(self, seen: Sequence[Frame], size: Size, indices: Sequence[int]) -> Iterator[Frame]:
        """Restored frames of `size` (width, height) for these indices; may use neighbouring frames."""

    def network_run(self, size: Size) -> Run | None:
        """A function that runs only the network for an output of `size`, for timing; None without network."""

    def note(self, scale: int) -> str:
        """A note for readers about results at this scale from input to output; usually empty."""


@runtime_checkable
class Kept(Protocol):
    """A contender with a setup for a stream of frames that is not timed."""

    def frame_run(self, seen: Sequence[Frame], size: Size) -> Run:
        """A function that restores the next frame of `seen`, cyclically, to `size` at each call."""


def is_slow(contender: Contender) -> bool:
    """Whether its network is so large that it is scored on fewer frames."""
    return (getattr(contender, "macs_per_pixel", None) or 0) > SLOW_MACS


def upscale(frame: Frame, size: Size, interpolation: int = cv2.INTER_CUBIC) -> Frame:
    """Crop a frame to the output's aspect ratio and scale it, as the camera's restorer does."""
    return resize(crop_to_aspect(frame, size), size, interpolation)


def with_luma(frame: Frame, luma: Plane) -> Frame:
    return Frame(luma, frame.u, frame.v, frame.index, frame.captured_ns, frame.is_cut)


def to_rgb(frame: Frame) -> Planes:
    """The frame as RGB planes (3, H, W) in 0..1, full range."""
    rgb = cv2.cvtColor(to_bgr(frame), cv2.COLOR_BGR2RGB)
    return np.divide(rgb.transpose(2, 0, 1), 255, dtype=np.float32)


def from_rgb(planes: Planes, base: Frame) -> Frame:
    """A frame from RGB planes (3, H, W), clipped to 0..1, with index and time of `base`."""
    pixels = to_pixels(planes)
    return from_bgr(np.ascontiguousarray(pixels[::-1].transpose(1, 2, 0)), base.index, base.captured_ns)


def to_pixels(planes: Planes) -> npt.NDArray[np.uint8]:
    """Round planes in 0..1 to uint8; values outside are clipped."""
    return np.rint(np.clip(planes, 0, 1) * 255).astype(np.uint8)


def timing_planes(count: int, height: int, width: int) -> Planes:
    """Planes (count, height, width) in 0..1 for timing networks: smooth like pictures.

    White noise defeats branch prediction in activations: FSRCNN takes a third longer on it.
    """
    rng = np.random.default_rng(0)
    coarse = rng.random((count, height // 8 + 1, width // 8 + 1), np.float32)
    return np.stack([cv2.resize(plane, (width, height)) for plane in coarse])


def open_session(content: bytes, threads: int, path: Path) -> Any:
    """An ONNX Runtime session on the CPU. Raises ModelError if the file cannot be loaded."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(content, options, providers=[CPU_PROVIDER])
    except Exception as error:  # ONNX Runtime's own exceptions have no common base
        raise ModelError(f"cannot load {path}: {error}; expected an ONNX file") from None


def read_network(path: Path) -> tuple[bytes, str]:
    """A network file's content and its sha256. Raises ModelError if it cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read the network {path}: {error.strerror}") from None
    return content, sha256_of(content)


def load_graph(content: bytes, path: Path) -> onnx.ModelProto:
    """An ONNX file's graph. Raises ModelError if it is not one."""
    try:
        return onnx.load_from_string(content)
    except Exception as error:  # protobuf's own exception is no subclass of ValueError in every version
        raise ModelError(f"cannot read {path}: {error}; expected an ONNX file") from None
