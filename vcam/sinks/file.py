"""Video and still files that appear under their name only when they are whole."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import cv2
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vcam.conversion.opencv import to_bgr
from vcam.conversion.pyav import to_picture
from vcam.errors import SinkError
from vcam.frame import Frame, Size, check_size
from vcam.media import file_address
from vcam.partial import make_partial

VIDEO_ENDINGS = {".mp4": "mp4", ".mkv": "matroska"}  # ending -> FFmpeg's name of the container
STILL_ENDINGS = {
    ".png": [],
    ".jpg": [cv2.IMWRITE_JPEG_QUALITY, 95],
    ".jpeg": [cv2.IMWRITE_JPEG_QUALITY, 95],
    ".webp": [cv2.IMWRITE_WEBP_QUALITY, 95],
}
TICKS = 90_000  # of the file's time base, about, in a second

# ISO 23091-2 code points, which are libavcodec's; PyAV's own Colorspace counts as libswscale does
SMPTE170M, LIMITED_RANGE = 6, 1


@dataclass(frozen=True)
class Encoding:
    """An encoder by FFmpeg's name and its options."""

    encoder: str
    options: dict[str, str] = field(default_factory=dict)


UNSEEN_CRF = 16  # of x264: the eye sees no loss
FFV1 = Encoding("ffv1", {"level": "3", "slices": "4", "slicecrc": "1"})

REMEDIES = {
    errno.ENOSPC: "The disk is full: free some space or choose another disk",
    errno.EDQUOT: "Your disk quota is used up: free some space or choose another disk",
    errno.EFBIG: "The file is larger than this system allows: raise `ulimit -f` or choose another disk",
    errno.EACCES: "Choose a folder you may write to",
    errno.EPERM: "Choose a folder you may write to",
    errno.EROFS: "The disk is read-only: choose another one",
    errno.ENOENT: "Make its folder first, or choose one that exists",
}


class FileSink:
    """Writes frames of one size to a video file: H.264 in .mp4 or .mkv, or lossless FFV1 in .mkv.

    crf   of the H.264 encoder, 0..51: less is better and larger

    The picture goes in as it is, I420 tagged BT.601 limited. The file is written under a temporary name
    beside the target; `close` gives it its own. Whatever goes wrong before that leaves no trace and an
    older file of that name untouched. The first `send` opens the file, unless `open` or `with` did so before.
    """

    def __init__(
        self, path: Path | str, size: Size, fps: float, lossless: bool = False, *, crf: int = UNSEEN_CRF
    ) -> None:
        self.path = Path(path)
        self.name = str(path)
        self.count = 0
        self._size = check_size(size)
        self._encoding = FFV1 if lossless else Encoding("libx264", {"crf": str(crf), "preset": "veryfast"})
        self._rate = Fraction(fps).limit_denominator(1001)
        # a whole number of ticks to each frame, so that a constant rate stays exact
        self._ticks = self._rate.denominator * max(1, TICKS // self._rate.numerator)
        self._time_base = 1 / (self._rate * self._ticks)
        self._partial: Path | None = None
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._last_pts = -1
        self._is_over = False

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close() if error is None else self.abort()

    def open(self) -> Self:
        """Begin the temporary file. Raises SinkError if the folder or the ending cannot be used."""
        if self._container is None:
            container_format = check_video_ending(self.path, lossless=self._encoding is FFV1)
            with self._undone_on_failure():
                self._stream = self._add_stream(container_format)
        return self

    def send(self, frame: Frame, pts_s: Fraction | float | None = None) -> None:
        """Append one frame.

        pts_s  when it is shown, in seconds, rising from 0; None for the count of frames over fps

        Raises ValueError for another size, a time that does not rise or a sink that is closed; SinkError,
        after which the sink is closed and nothing is left of it, if the file cannot be written.
        """
        self._check(frame)
        pts = self.count * self._ticks if pts_s is None else round(pts_s / self._time_base)
        if pts <= self._last_pts:
            raise ValueError(f"{self.path}: frame {self.count} is at {pts_s} s, not after the one before")
        picture = to_picture(frame)
        picture.pts, picture.time_base, picture.duration = pts, self._time_base, self._ticks
        self.open()
        with self._undone_on_failure():
            self._write(picture)
        self._last_pts = pts
        self.count += 1

    def close(self) -> None:
        """Finish the file and give it its name; a file without a frame is not made. Raises SinkError."""
        if self._is_over or self.count == 0:
            return self.abort()
        with self._undone_on_failure():
            self._write(None)
            assert self._container is not None
            self._container.close()
            assert self._partial is not None
            _sync(self._partial)
            self._partial.replace(self.path)
        self._is_over = True
        return None

    def abort(self) -> None:
        """Throw away what was written so far; the target stays as it was."""
        if self._is_over:
            return
        self._is_over = True
        self._unlink()  # before the close, which then need not move the index to the front
        if self._container is not None:
            with suppress(av.FFmpegError, OSError):
                self._container.close()
        self._unlink()

    def _unlink(self) -> None:
        if self._partial is not None:
            with suppress(OSError):
                self._partial.unlink()

    def _check(self, frame: Frame) -> None:
        if self._is_over:
            raise ValueError(f"{self.path} is closed; a new FileSink writes a new file")
        if frame.size != self._size:
            found, expected = (f"{width}x{height}" for width, height in (frame.size, self._size))
            raise ValueError(f"frame is {found}, {self.path} holds {expected}")

    def _add_stream(self, container_format: str) -> VideoStream:
        options = {"movflags": "+faststart"} if container_format == "mp4" else {}
        self._partial = make_partial(self.path)  # FFmpeg would look at the folder only with the first frame
        address = file_address(self._partial)
        self._container = av.open(address, "w", format=container_format, options=options)
        stream = self._container.add_stream(self._encoding.encoder, rate=self._rate)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = self._size
        stream.pix_fmt = "yuv420p"
        codec = stream.codec_context
        codec.options = self._encoding.options
        codec.time_base = self._time_base
        codec.colorspace = codec.color_primaries = codec.color_trc = SMPTE170M
        codec.color_range = LIMITED_RANGE
        return stream

    def _write(self, picture: VideoFrame | None) -> None:
        assert self._container is not None
        assert self._stream is not None
        self._container.mux(self._stream.encode(picture))

    @contextmanager
    def _undone_on_failure(self) -> Iterator[None]:
        try:
            yield
        except (av.FFmpegError, OSError) as error:
            self.abort()
            raise SinkError(_explain(self.path, error)) from error


def check_video_ending(path: Path, lossless: bool = False) -> str:
    """FFmpeg's name of the container for a path. Raises SinkError for an ending that cannot be written."""
    ending = path.suffix.lower()
    endings = [".mkv"] if lossless else list(VIDEO_ENDINGS)
    if ending not in endings:
        kind = "lossless video" if lossless else "video"
        raise SinkError(f"cannot write {kind} to {path}: ending {ending!r}; use {' or '.join(endings)}")
    return VIDEO_ENDINGS[ending]


def write_still(path: Path | str, frame: Frame) -> None:
    """Write one frame as a .png, .jpg or .webp picture, whole or not at all. Raises SinkError."""
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in STILL_ENDINGS:
        raise SinkError(
            f"cannot write a picture to {path}: ending {ending!r}; use {', '.join(STILL_ENDINGS)}"
        )
    _, encoded = cv2.imencode(ending, to_bgr(frame), STILL_ENDINGS[ending])
    try:
        _write_whole(path, encoded.tobytes())
    except OSError as error:
        raise SinkError(_explain(path, error)) from error


def _write_whole(path: Path, content: bytes) -> None:
    partial = make_partial(path)
    try:
        partial.write_bytes(content)
        _sync(partial)
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise


def _sync(path: Path) -> None:
    """Wait until the bytes are on the disk: some file systems say only now that it is full."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _explain(path: Path, error: OSError | av.FFmpegError) -> str:
    remedy = REMEDIES.get(error.errno or 0, "Choose another path")
    return f"cannot write {path}: {error.strerror}. {remedy}"
