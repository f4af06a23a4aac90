"""Video files that appear under their name only when they are whole."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Protocol, Self, TypeAlias

import av
from av.codec.context import Flags
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vcam.conversion.pyav import to_picture
from vcam.errors import SinkError
from vcam.frame import Frame, Size, check_size
from vcam.media.opening import file_address
from vcam.partial import make_partial
from vcam.sinks.disk import REMEDIES, explain, sync

VIDEO_ENDINGS = {".mp4": "mp4", ".mkv": "matroska"}  # ending -> FFmpeg's name of the container
Clock: TypeAlias = Callable[[], int]

SECOND_NS = 1_000_000_000
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


class Beside(Protocol):
    """What is written into the file beside the picture: sound, as `vcam.media.sound` makes it."""

    def attach(self, container: OutputContainer) -> None:
        """Add its streams; no packet is in the container yet."""
        ...

    def packets(self, is_end: bool = False) -> Iterator[Packet]:
        """What can be written now, and at the end all that is left."""
        ...

    def refuse(self, packet: Packet) -> None:
        """Note a packet that the container does not take, for a fault of its own."""
        ...


class FileSink:
    """Writes frames of one size to a video file: H.264 in .mp4 or .mkv, or lossless FFV1 in .mkv.

    crf     of the H.264 encoder, 0..51: less is better and larger
    clock   monotonic nanoseconds: frames without a time are shown when they were sent, to the nearest period,
            so that a slow machine's recording does not run fast; None: each one a period after the last
    beside  the sound, if there is any
    tags    of the container: title and the like

    The picture goes in as it is, I420 tagged BT.601 limited. The file is written under a temporary name
    beside the target; `close` gives it its own. Whatever goes wrong before that leaves no trace and an
    older file of that name untouched. The first `send` opens the file, unless `open` or `with` did so before.
    """

    _mp4_options: ClassVar[Mapping[str, str]] = {"movflags": "+faststart"}

    def __init__(
        self,
        path: Path | str,
        size: Size,
        fps: float,
        lossless: bool = False,
        *,
        crf: int = UNSEEN_CRF,
        clock: Clock | None = None,
        beside: Beside | None = None,
        tags: Mapping[str, str] | None = None,
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
        self._clock = clock
        self._begin_ns: int | None = None
        self._beside = beside
        self._tags = dict(tags or {})
        self._last_pts = -1
        self._is_over = False
        self._is_broken = (
            False  # then nothing may be written any more: FFmpeg's muxers end the process at that
        )

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close() if error is None else self._give_up()

    def open(self) -> Self:
        """Begin the temporary file. Raises SinkError if the folder or the ending cannot be used."""
        if self._container is None:
            container_format = check_video_ending(self.path, lossless=self._encoding is FFV1)
            with self._undone_on_failure():
                self._stream = self._add_stream(container_format)
        return self

    def send(
        self, frame: Frame, pts_s: Fraction | float | None = None, duration_s: Fraction | float | None = None
    ) -> None:
        """Append one frame.

        pts_s       when it is shown, in seconds, rising from 0; None: now, see clock
        duration_s  for how long, which counts for the last frame; None for one over fps

        Raises ValueError for another size, a time that does not rise or a sink that is closed; SinkError,
        after which the sink is closed, if the file cannot be written.
        """
        self._check(frame)
        pts = self._now() if pts_s is None else round(pts_s / self._time_base)
        if pts <= self._last_pts:
            raise ValueError(f"{self.path}: frame {self.count} is at {pts_s} s, not after the one before")
        picture = to_picture(frame)
        picture.pts, picture.time_base = pts, self._time_base
        picture.duration = self._ticks if duration_s is None else max(1, round(duration_s / self._time_base))
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
            sync(self._partial)
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

    def _give_up(self) -> str:
        """End a file that cannot be finished; returns what stays of it, as words behind the error."""
        self.abort()
        return ""

    def _now(self) -> int:
        """The time of a frame that comes without one, in ticks."""
        if self._clock is None:
            return self.count * self._ticks
        now_ns = self._clock()
        if self._begin_ns is None:
            self._begin_ns = now_ns
            return 0
        period = round((now_ns - self._begin_ns) * self._rate / SECOND_NS)
        # two in one period: half a period apart
        return max(period * self._ticks, self._last_pts + max(1, self._ticks // 2))

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
        options = dict(self._mp4_options) if container_format == "mp4" else {}
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
        codec.flags |= Flags.frame_duration  # else the last frame is as long as the one before it
        codec.colorspace = codec.color_primaries = codec.color_trc = SMPTE170M
        codec.color_range = LIMITED_RANGE
        self._container.metadata.update(self._tags)
        if self._beside is not None:
            self._beside.attach(self._container)
        return stream

    def _write(self, picture: VideoFrame | None) -> None:
        """Encode a picture, None at the end, and write what comes out, with the sound up to it."""
        assert self._container is not None
        assert self._stream is not None
        self._container.mux(self._stream.encode(picture))
        if self._beside is not None:
            for packet in self._beside.packets(is_end=picture is None):
                self._write_beside(packet, self._beside)

    def _write_beside(self, packet: Packet, beside: Beside) -> None:
        assert self._container is not None
        try:
            self._container.mux(packet)
        except av.FFmpegError as error:
            if error.errno in REMEDIES or isinstance(error, av.error.OSError):
                raise
            beside.refuse(packet)

    @contextmanager
    def _undone_on_failure(self) -> Iterator[None]:
        try:
            yield
        except (av.FFmpegError, OSError) as error:
            self._is_broken = True
            message = explain(self.path, error)
            raise SinkError(message + self._give_up()) from error
        except BaseException:  # a signal
            self._give_up()
            raise


def check_video_ending(path: Path, lossless: bool = False) -> str:
    """FFmpeg's name of the container for a path. Raises SinkError for an ending that cannot be written."""
    ending = path.suffix.lower()
    endings = [".mkv"] if lossless else list(VIDEO_ENDINGS)
    if ending not in endings:
        kind = "lossless video" if lossless else "video"
        raise SinkError(f"cannot write {kind} to {path}: ending {ending!r}; use {' or '.join(endings)}")
    return VIDEO_ENDINGS[ending]
