"""The class that callers have: a model, how strongly it restores, and what it restores."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from vcam.api.pictures import Array, Order, open_picture
from vcam.frame import MIN_SIDE, Frame, Size
from vcam.manifest import read_manifest, weights_folder

if TYPE_CHECKING:
    from PIL.Image import Image

    from vcam.restore import Restorer


class Sharpener:
    """Restores pictures with one of the published models.

    model      a name as `vcam.models()` lists them, or "auto", the best one
    strength   0..1: how much of the restoration is added; 0 only scales
    crispness  0..1: from the faithful look to the crisp one
    denoise    0..1: how deep a video's frames are averaged where nothing moves; without effect on stills
    provider   "auto", "cpu", "cuda" or "tensorrt"
    threads    of the processor; 0: one a core, at most 4
    weights    folder of manifest.json; None: the shipped models

    The model is loaded here, in some 100 ms. `strength`, `crispness` and `denoise` may be changed at any time
    and hold from the next picture, video or stream on.
    A Sharpener may be used by several threads at once: pictures share nothing but the model.

    Raises ValueError for a number out of its range, ModelError for a model that is not there or cannot be
    loaded.

    >>> import numpy, vcam
    >>> sharp = vcam.Sharpener("fast", strength=0.8)
    >>> sharp(numpy.zeros((120, 160, 3), numpy.uint8)).shape
    (240, 320, 3)
    """

    def __init__(
        self,
        model: str = "auto",
        *,
        strength: float = 1.0,
        crispness: float = 0.0,
        denoise: float = 1.0,
        provider: str = "auto",
        threads: int = 0,
        weights: str | Path | None = None,
    ) -> None:
        from vcam.camera.model_choice import choose_model  # loads ONNX Runtime
        from vcam.restore import Engine

        self.strength = _check_share("strength", strength)
        self.crispness = _check_share("crispness", crispness)
        self.denoise = _check_share("denoise", denoise)
        self._folder = Path(weights) if weights is not None else weights_folder()
        self._engine = Engine(provider, threads)
        specs, smallest = read_manifest(self._folder), (MIN_SIDE, MIN_SIDE)
        self._model = choose_model(specs, self._folder, self._engine, smallest, math.inf, model)

    @property
    def model(self) -> str:
        """The name of the model in use."""
        return self._model.spec.name

    @property
    def provider(self) -> str:
        """What runs it, by ONNX Runtime's name, for example "CPUExecutionProvider"."""
        return self._model.provider

    @overload
    def __call__(
        self,
        picture: Frame,
        *,
        size: Size | None = None,
        scale: float | None = None,
        strength: float | None = None,
        crispness: float | None = None,
    ) -> Frame: ...

    @overload
    def __call__(
        self,
        picture: Array,
        *,
        size: Size | None = None,
        scale: float | None = None,
        strength: float | None = None,
        crispness: float | None = None,
        order: Order = "bgr",
    ) -> Array: ...

    @overload
    def __call__(
        self,
        picture: "Image",
        *,
        size: Size | None = None,
        scale: float | None = None,
        strength: float | None = None,
        crispness: float | None = None,
    ) -> "Image": ...

    def __call__(
        self,
        picture: Any,
        *,
        size: Size | None = None,
        scale: float | None = None,
        strength: float | None = None,
        crispness: float | None = None,
        order: Order = "bgr",
    ) -> Any:
        """Restore one picture; the result is of the same kind, and new: the picture is not modified.

        picture    numpy uint8: (H, W) or (H, W, 1) grey, (H, W, 3), (H, W, 4) with opacity; a PIL image of
                   8 bits; or a vcam.Frame. Sides 16..8192; an odd last row or column is cut
        size       (width, height), even, at most 1920x1080 either way up: the result is the largest of the
                   picture's shape that fits inside
        scale      times the picture's size, instead of `size`; with neither, twice its size as far as
                   1920x1080 allows
        strength, crispness  for this picture, instead of the Sharpener's own
        order      of an array's colours, "bgr" as OpenCV has them, or "rgb"

        The pixels are those that `sharpkd enhance` makes of a file with the same ones.
        Raises TypeError for another kind of picture, ValueError for a shape, type or number that cannot be.
        """
        from vcam.restore.fit import fit_values

        frame, give_back = open_picture(picture, order)
        restorer = self._restorer(fit_values(frame.size, size, scale), strength, crispness)
        return give_back(restorer(frame))

    def _restorer(
        self, size: Size, strength: float | None = None, crispness: float | None = None
    ) -> "Restorer":
        """A stage of its own for a picture or a sequence: what it remembers belongs to that alone."""
        from vcam.restore import Restorer

        return Restorer(
            self._model,
            size,
            self.strength if strength is None else strength,
            self.crispness if crispness is None else crispness,
            self.denoise,
        )


def _check_share(name: str, value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} {value:g} is outside 0..1")
    return value


def models(weights: str | Path | None = None) -> tuple[str, ...]:
    """The names of the models that there are, the best picture first.

    weights  folder of manifest.json; None: the shipped models

    Raises ModelError if it cannot be read.

    >>> import vcam
    >>> "fast" in vcam.models()
    True
    """
    return tuple(read_manifest(Path(weights) if weights is not None else weights_folder()))
