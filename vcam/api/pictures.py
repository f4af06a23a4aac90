"""What callers have as pictures (numpy arrays, Pillow images, Frames) to a Frame and back."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from vcam.conversion.opencv import to_bgr
from vcam.conversion.pyav import to_frame
from vcam.frame import MAX_SIDE, MIN_SIDE, Frame, Plane

if TYPE_CHECKING:
    from PIL.Image import Image

Array: TypeAlias = npt.NDArray[Any]  # (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) uint8
Order: TypeAlias = Literal["bgr", "rgb"]
GiveBack: TypeAlias = Callable[[Frame], Any]  # a restored Frame as the kind of picture that came

KINDS = "expected a numpy array, a PIL image or a vcam.Frame"
SHAPES = "expected (H, W), (H, W, 1), (H, W, 3) or (H, W, 4)"
TOO_DEEP = ("I", "F")  # Pillow's modes of more than 8 bits: the begin of their names


def open_picture(picture: object, order: Order = "bgr") -> tuple[Frame, GiveBack]:
    """A caller's picture as a Frame, converted as the same pixels in a file are, and what gives one back.

    picture  array: (H, W) or (H, W, 1) grey, (H, W, 3) colour, (H, W, 4) colour and opacity, uint8;
             Pillow image of any mode of 8 bits; or Frame
    order    of an array's colours

    Sides must be 16..8192; an odd last row or column is cut. Opacity does not touch colours: it is scaled and
    given back beside them.
    Raises TypeError for any other kind, ValueError for shapes, types and sizes that cannot be.
    """
    if isinstance(picture, Frame):
        return picture, lambda restored: restored
    if isinstance(picture, np.ndarray):
        return _open_array(picture, order)
    image = sys.modules.get("PIL.Image")  # who has one has loaded it
    if image is not None and isinstance(picture, image.Image):
        return _open_image(picture)
    raise TypeError(f"the picture is {type(picture).__name__}, {KINDS}; read a file with .still or .video")


def _open_array(array: Array, order: Order) -> tuple[Frame, GiveBack]:
    if order not in ("bgr", "rgb"):
        raise ValueError(f'order {order!r}: expected "bgr" (as OpenCV has it) or "rgb"')
    channels = _check_array(array)
    if channels == 1:
        shape = array.shape[2:]
        return _grey_frame(array), lambda restored: _grey(restored).reshape(*restored.size[::-1], *shape)
    step = -1 if order == "bgr" else 1
    alpha = array[..., 3] if channels == 4 else None
    return _colour_frame(array[..., :3][..., ::step]), lambda restored: _stack(
        _rgb(restored)[..., ::step], alpha
    )


def _check_array(array: Array) -> int:
    """The number of channels of an array that can be a picture. Raises ValueError."""
    channels = 1 if array.ndim == 2 else array.shape[-1]
    if array.ndim not in (2, 3) or channels not in (1, 3, 4):
        raise ValueError(f"the picture has the shape {array.shape}, {SHAPES}")
    if array.dtype != np.uint8:
        remedy = "scale it to 0..255 and convert it: numpy.clip(picture, 0, 255).astype(numpy.uint8)"
        raise ValueError(f"the picture is of {array.dtype}, expected uint8: {remedy}")
    _check_sides(array.shape[1], array.shape[0])
    return channels


def _check_sides(width: int, height: int) -> None:
    if min(width & ~1, height & ~1) < MIN_SIDE or max(width, height) > MAX_SIDE:
        raise ValueError(f"the picture is {width}x{height}, expected sides of {MIN_SIDE}..{MAX_SIDE} pixels")


def _open_image(image: "Image") -> tuple[Frame, GiveBack]:
    """Of a Pillow image: what it says beside its pixels (EXIF, colour profile) is given back, too."""
    if image.mode.startswith(TOO_DEEP):
        raise ValueError(
            f'the PIL image is of mode {image.mode}, expected 8 bits: convert it to "L" or "RGB"'
        )
    _check_sides(*image.size)
    is_clear = image.has_transparency_data
    is_grey = image.mode in ("1", "L", "LA", "La")
    mode = ("LA" if is_clear else "L") if is_grey else ("RGBA" if is_clear else "RGB")
    pixels = np.asarray(image if image.mode == mode else image.convert(mode))
    frame = (
        _grey_frame(pixels if not is_clear else pixels[..., 0]) if is_grey else _colour_frame(pixels[..., :3])
    )
    alpha = pixels[..., -1] if is_clear else None
    info = {key: value for key, value in image.info.items() if key != "transparency"}

    def give_back(restored: Frame) -> "Image":
        from PIL import Image

        made = Image.fromarray(_stack(_grey(restored) if is_grey else _rgb(restored), alpha))
        made.info = info
        return made

    return frame, give_back


def _colour_frame(rgb: Array) -> Frame:
    return to_frame(VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24"), 0, 0)


def _grey_frame(grey: Array) -> Frame:
    """Of (H, W) or (H, W, 1): as a file's grey becomes one."""
    whole = np.ascontiguousarray(grey.reshape(grey.shape[:2]))
    return to_frame(VideoFrame.from_ndarray(whole, format="gray"), 0, 0)


def _rgb(frame: Frame) -> Array:
    return to_bgr(frame)[..., ::-1]


def _grey(frame: Frame) -> Plane:
    return np.ascontiguousarray(to_bgr(frame)[..., 1])


def _stack(colours: Array, alpha: Plane | None) -> Array:
    """Colours (H, W) or (H, W, 3), contiguous, with opacity of any size as their last channel."""
    if alpha is None:
        return np.ascontiguousarray(colours)
    size = colours.shape[1], colours.shape[0]
    return np.dstack((colours, cv2.resize(np.ascontiguousarray(alpha), size, interpolation=cv2.INTER_CUBIC)))
