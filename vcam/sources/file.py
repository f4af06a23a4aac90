"""A recording as a source: any file PyAV reads, a still picture being a video of one frame."""

import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import count
from pathlib import Path

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from vcam.conversion.pyav import check_decoder, check_picture_size, to_frame
from vcam.errors import SourceError
from vcam.frame import MAX_SIDE, Frame, Size
from vcam.media import DECODER_OPTIONS, open_recording
from vcam.sources.guard import GuardedSource
from vcam.sources.pace import MAX_STEP_NS, SECOND_NS, Clock, Pace, Sleep
from vcam.sources.rate import usable_rate

LONGEST_GAP_NS = 60 * SECOND_NS
TEXT_DEMUXER = "tty"  # FFmpeg would show a text file as ANSI art


class FileSource(GuardedSource):
    """Frames of a video or picture file.

    path      the file
    loop      begin again at the end; the index goes on and the first frame of each round is a cut
    realtime  deliver each frame when it is due by its time stamp, `captured_ns` being the clock then, and the
              last one again each second until the next one is;
              False: as fast as they decode, `captured_ns` being the time stamp (it goes on over a loop)
    clock     monotonic nanoseconds
    sleep     waits for seconds

    Once open: `size` (even width, height), `fps` (25 where the file says nothing) and `frame_count`
    (None where the container does not say). `name` is the file's name.

    `__enter__` raises SourceError if the file is missing, no video or of a size no Frame can have;
    `__next__` raises SourceError where the file cannot be decoded any further, after all frames before.
    Colours and odd sides: see `vcam.conversion.pyav`. Rotation tags are not applied.
    """

    def __init__(
        self,
        path: str | Path,
        loop: bool = False,
        realtime: bool = True,
        *,
        clock: Clock = time.monotonic_ns,
        sleep: Sleep = time.sleep,
    ) -> None:
        self.path = Path(path)
        self.name = self.path.name
        self.size: Size = (0, 0)
        self.fps = Fraction(25)
        self.frame_count: int | None = None
        self._loop = loop
        self._realtime = realtime
        self._clock = clock
        self._sleep = sleep
        self._pace: Pace | None = None
        self._reformatter = VideoReformatter()
        self._container: InputContainer | None = None
        self._frames = _no_frames()

    def _enter(self) -> None:
        stream = self._open()
        if not (stream.width and stream.height):
            limit = f"{MAX_SIDE}x{MAX_SIDE}"
            raise SourceError(f"{self.path} cannot be decoded: it is damaged, or larger than {limit} pixels")
        self.size = check_picture_size((stream.width, stream.height))
        self.fps = usable_rate(stream.average_rate, stream.guessed_rate)
        self.frame_count = stream.frames or None
        self._pace = Pace(self._clock, self._sleep) if self._realtime else None
        self._frames = self._play(stream)

    def _read(self) -> Frame:
        return next(self._frames)

    def _close(self) -> None:
        self._frames.close()  # else the generator keeps us, the decoder and its threads until a collection
        self._frames = _no_frames()
        self._reformatter = VideoReformatter()
        self._close_container()

    def _open(self) -> VideoStream:
        self._close_container()
        try:
            self._container = open_recording(self.path)
        except FileNotFoundError:
            raise SourceError(f"no file {self.path}: check the path, or use --source sample") from None
        except IsADirectoryError:
            raise SourceError(
                f"{self.path} is a directory, expected a video file: name a file in it"
            ) from None
        except PermissionError:
            raise SourceError(f"{self.path} may not be read by this user: chmod u+r {self.path}") from None
        except (av.FFmpegError, OSError) as error:
            found = f"{self.path} is not a video that FFmpeg reads ({reason(error)})"
            raise SourceError(f"{found}: name another file") from None
        if not self._container.streams.video or self._container.format.name == TEXT_DEMUXER:
            raise SourceError(f"{self.path} has no video stream, expected a video or a picture file")
        stream = self._container.streams.video[0]
        check_decoder(stream, str(self.path))
        stream.thread_type = "AUTO"
        stream.codec_context.options = DECODER_OPTIONS
        return stream

    def _close_container(self) -> None:
        container, self._container = self._container, None
        if container is not None:
            container.close()

    def _play(self, stream: VideoStream) -> Generator[Frame, None, None]:
        """All frames, round after round, each one when it is due, and again where it stays for long."""
        frame: Frame | None = None
        numbers, last_ns = count(), 0
        for picture, moment_ns, is_cut in self._rounds(stream):
            if frame is not None and self._pace is not None:
                for between_ns in moments_between(last_ns, moment_ns):
                    captured_ns = self._pace.wait(between_ns)
                    frame = replace(frame, index=next(numbers), captured_ns=captured_ns, is_cut=False)
                    yield frame
            captured_ns = self._pace.wait(moment_ns) if self._pace else moment_ns
            frame = to_frame(picture, next(numbers), captured_ns, is_cut, self._reformatter)
            last_ns = moment_ns
            yield frame

    def _rounds(self, stream: VideoStream) -> Iterator[tuple[VideoFrame, int, bool]]:
        """All pictures with their moment on one timeline in nanoseconds, and whether a round begins."""
        period_ns = round(SECOND_NS / self.fps)
        start_ns: int | None = None  # of the round; the first one keeps the file's own time stamps
        while True:
            shift_ns, pts_ns, pictures = 0, -period_ns, 0
            for picture in self._decode(stream):
                pts_ns = _pts_ns(picture, pts_ns + period_ns)
                if pictures == 0 and start_ns is not None:
                    shift_ns = start_ns - pts_ns
                yield picture, shift_ns + pts_ns, pictures == 0
                pictures += 1
            if pictures == 0:
                raise SourceError(f"{self.path} has a video stream, but no picture in it could be decoded")
            if not self._loop:
                return
            start_ns = shift_ns + pts_ns + period_ns
            # opened again and not rewound: that works for every container and after any decoder state
            stream = self._open()

    def _decode(self, stream: VideoStream) -> Iterator[VideoFrame]:
        """One round's pictures; an error is raised only after the pictures that came before it."""
        assert self._container is not None
        try:
            yield from self._container.decode(stream)
        except av.FFmpegError as error:
            yield from _drain(stream)
            raise SourceError(f"{self.path} is damaged, its decoding ended ({reason(error)})") from None


def moments_between(last_ns: int, next_ns: int) -> range:
    """When to show a picture again, as a source owes one within two seconds, until the next one is due.

    A gap of more than a minute is a time stamp that is wrong: nobody waits for that.
    """
    is_gap = MAX_STEP_NS < next_ns - last_ns <= LONGEST_GAP_NS
    return range(last_ns + MAX_STEP_NS, next_ns, MAX_STEP_NS) if is_gap else range(0)


def _no_frames() -> Generator[Frame, None, None]:
    yield from ()


def reason(error: Exception) -> str:
    """What went wrong in FFmpeg's words, without the number and the path."""
    return getattr(error, "strerror", None) or str(error)


def _pts_ns(picture: VideoFrame, otherwise_ns: int) -> int:
    if picture.pts is None or picture.time_base is None:
        return otherwise_ns
    return round(picture.pts * picture.time_base * SECOND_NS)


def _drain(stream: VideoStream) -> list[VideoFrame]:
    """The pictures that decoder threads still hold."""
    try:
        return stream.codec_context.decode(None)
    except av.FFmpegError:
        return []
