"""The class that callers have: a model, how strongly it restores, and what it restores."""

from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from vcam.api.pictures import Array, Order, open_picture
from vcam.frame import MIN_SIDE, Frame, Size
from vcam.manifest import read_manifest, weights_folder
from vcam.paths import engine_cache

# what loads ONNX Runtime, sources or sinks is imported where it is used: a program's start is not to wait
if TYPE_CHECKING:
    from PIL.Image import Image

    from vcam.api.live import Pair
    from vcam.camera.model_choice import Budget
    from vcam.restore import Model, Restorer

Progress: TypeAlias = Callable[[int, int | None], None]  # frames so far, frames in all if that is known

CAMERA_SIZE = (1280, 720)


class Sharpener:
    """Restores pictures with one of the published models.

    model      a name as `vcam.models()` lists them, or "auto": the best one, and for a live stream the best
               one that keeps up with it
    strength   0..1: how much of the restoration is added; 0 only scales
    crispness  0..1: from the faithful look to the crisp one
    denoise    0..1: how deep the frames of videos and streams are averaged where nothing moves
    provider   "auto", "cpu", "cuda" or "tensorrt"
    threads    of the processor; 0: one a core, at most 4
    weights    folder of manifest.json; None: the shipped models

    The model is loaded here. `strength`, `crispness` and `denoise` may be changed later, and hold from the
    next picture, video or stream on.
    Several threads may use one Sharpener at once: they share nothing but the model.

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
        from vcam.camera.model_choice import NO_LIMIT
        from vcam.restore import Engine, prepare_cache

        self.strength = _check_share("strength", strength)
        self.crispness = _check_share("crispness", crispness)
        self.denoise = _check_share("denoise", denoise)
        self._wanted = model
        self._folder = Path(weights) if weights is not None else weights_folder()
        cache = prepare_cache(engine_cache()) if provider == "tensorrt" else None
        self._engine = Engine(provider, threads, cache=cache)
        self._model = self._choose((MIN_SIDE, MIN_SIDE), NO_LIMIT)

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
        frame, give_back = open_picture(picture, order)
        restorer = self._restorer(size, scale, strength, crispness)(frame.size)
        return give_back(restorer(frame))

    def still(
        self,
        source: str | Path,
        target: str | Path,
        *,
        size: Size | None = None,
        scale: float | None = None,
        strength: float | None = None,
        crispness: float | None = None,
        overwrite: bool = False,
    ) -> list[str]:
        """Restore a picture file into another: JPEG, PNG, WebP, AVIF, HEIC, and what else FFmpeg reads.

        target  .png, .jpg or .webp; .png and .webp keep opacity. The picture is turned as its EXIF block says

        The rest is as in `video`.
        """
        from vcam.api.offline import check_target, restore_picture

        check_target(Path(source), Path(target), overwrite)
        return restore_picture(Path(source), Path(target), self._restorer(size, scale, strength, crispness))

    def video(
        self,
        source: str | Path,
        target: str | Path,
        *,
        size: Size | None = None,
        scale: float | None = None,
        strength: float | None = None,
        crispness: float | None = None,
        lossless: bool = False,
        overwrite: bool = False,
        progress: Progress | None = None,
    ) -> list[str]:
        """Restore a recording into another: every frame, in order, at its own time, with the sound.

        source     any file that FFmpeg reads
        target     .mp4 or .mkv; it appears under its name when it is whole, and not at all after an error
        size, scale, strength, crispness  as of a picture
        lossless   write FFV1; target is a .mkv file
        overwrite  a target that is there already
        progress   called after each frame with the number of frames so far and of all, None where the file
                   does not say; what it raises ends the work and leaves nothing

        Returns what could not be carried over, a sentence each: damaged packets, sound of unknown kinds.
        Raises SourceError if the source cannot be read, SinkError if the target cannot be written, and
        ValueError as for a picture.
        """
        from vcam.api.offline import check_target, restore_video
        from vcam.sinks.file import check_video_ending

        check_video_ending(Path(target), lossless)
        check_target(Path(source), Path(target), overwrite)
        make = self._restorer(size, scale, strength, crispness)
        return restore_video(Path(source), Path(target), make, lossless, progress)

    def stream(
        self,
        source: int | str | Path | Iterable[object],
        *,
        size: Size | None = None,
        scale: float | None = None,
        fps: float = 30.0,
        strength: float | None = None,
        crispness: float | None = None,
        order: Order = "bgr",
    ) -> "Generator[Pair, None, None]":
        """Restore frames as they come; an iterator of vcam.Pair: before, after and times.

        source  a camera (0, "/dev/video0", a part of its name, "auto"), "sample", "pattern", or the address
                of a live stream (rtsp, srt, http, ...): always the newest frame, what came meanwhile is left
                out. Or a recording: all of its frames, as fast as they are restored. Or an iterable of
                pictures as `sharp(picture)` takes them
        size    that frames fit inside, and that is asked of a camera; 1280x720 of a live source unless
                `scale` is given, else as of a picture
        fps     asked of a camera, and what a live stream's model must keep up with
        order   of the colours of arrays

        The source is opened with the first frame, and closed at the end, by the iterator's `close`, or with
        the iterator itself. Frames are fused over time as `denoise` says, and what stands still is not
        computed again. Only one thread may iterate.
        Raises SourceError, here for a source that cannot be, while it iterates for one that fails.
        """
        from vcam.api.live import Capture, open_stream, restore_all, restore_live

        frames = open_stream(source, size or CAMERA_SIZE, fps, order)
        if not isinstance(frames, Capture):
            return restore_all(frames, self._restorer(size, scale, strength, crispness))
        size = CAMERA_SIZE if size is None and scale is None else size
        return restore_live(frames, self._restorer(size, scale, strength, crispness, live_fps=fps))

    def _restorer(
        self,
        size: Size | None,
        scale: float | None,
        strength: float | None,
        crispness: float | None,
        live_fps: float | None = None,
    ) -> "Callable[[Size], Restorer]":
        """Makes the stage for frames of a size: what it remembers belongs to one picture or stream alone."""
        from vcam.restore import Restorer
        from vcam.restore.fit import check_values, fit_values

        check_values(size, scale)
        strength = self.strength if strength is None else _check_share("strength", strength)
        crispness = self.crispness if crispness is None else _check_share("crispness", crispness)
        denoise = self.denoise

        def make(source: Size) -> Restorer:
            wanted = fit_values(source, size, scale)
            model = self._model if live_fps is None else self._live_model(wanted, live_fps)
            return Restorer(model, wanted, strength, crispness, denoise, is_live=live_fps is not None)

        return make

    def _live_model(self, size: Size, fps: float) -> "Model":
        """The model for a live stream: the best one that keeps up, unless one is named."""
        from vcam.camera.model_choice import AUTO, BUDGET, Budget

        return self._choose(size, Budget(BUDGET * 1000 / fps)) if self._wanted == AUTO else self._model

    def _choose(self, size: Size, budget: "Budget") -> "Model":
        from vcam.camera.model_choice import choose_model

        specs = read_manifest(self._folder)
        return choose_model(specs, self._folder, self._engine, size, budget, self._wanted)


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
