"""A recording as a source: any file PyAV reads, a still picture being a video of one frame."""

import logging
import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import TypeAlias

from av.video.frame import VideoFrame

from vcam.conversion.alpha import alpha_of, opaque
from vcam.conversion.geometry import Geometry, shown_size, turn_plane
from vcam.conversion.pyav import Converter, to_frame
from vcam.conversion.sdr import needs_mapping
from vcam.errors import naming
from vcam.frame import Frame, Plane, Size
from vcam.media.reading import Recording, moment_s
from vcam.media.sound import Sound
from vcam.sources.guard import GuardedSource
from vcam.sources.pace import MAX_STEP_NS, SECOND_NS, Clock, Pace, Sleep

log = logging.getLogger(__name__)

LONGEST_GAP_NS = 60 * SECOND_NS

TimedPicture: TypeAlias = tuple[VideoFrame, int, bool]  # its moment in ns; whether a round begins


class FileSource(GuardedSource):
    """Frames of a video or picture file.

    path      the file
    loop      begin again at the end; the index goes on and the first frame of each round is a cut
    realtime  deliver each frame when it is due by its time stamp, `captured_ns` being the clock then, and the
              last one again each second until the next one is;
              False: as fast as they decode, `captured_ns` being the time stamp (it goes on over a loop)
    clock     monotonic nanoseconds
    sleep     waits for seconds
    with_sound  keep the sound that is read beside the pictures, in `sound`; not in a loop
    with_alpha  keep the first picture's opacity in `alpha`, (H, W) uint8 or None, and all colours as they are

    Once open: `size` (even width, height), `fps` (25 where the file says nothing) and `frame_count`
    (None where the container does not say). `name` is the file's name.

    `has_other_colours` says whether they are shown as sRGB's, having been HDR's or wider ones.

    `damaged` counts packets that could not be decoded, each one picture less as a rule, and `end_ns` is when
    the last picture so far ends, on the timeline of the time stamps.

    `__enter__` raises SourceError if the file is missing, no video or of a size no Frame can have, or if
    nothing in it can be decoded; `__next__` if the disk fails, after all frames before.
    Colours, transparency, odd sides, pixels that are not square: see `vcam.conversion.pyav`.
    """

    def __init__(
        self,
        path: str | Path,
        loop: bool = False,
        realtime: bool = True,
        *,
        clock: Clock = time.monotonic_ns,
        sleep: Sleep = time.sleep,
        with_sound: bool = False,
        with_alpha: bool = False,
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
        self.damaged = 0
        self.end_ns = 0
        self.alpha: Plane | None = None
        self.is_laid_on_white = False
        self.has_other_colours = False
        self._with_sound = with_sound
        self._with_alpha = with_alpha
        self._converter = Converter()
        self._recording: Recording | None = None
        self._frames = _no_frames()

    @property
    def sound(self) -> Sound | None:
        """The sound, if it was asked for and there is any; None once it is closed."""
        return self._recording.sound if self._recording else None

    @property
    def tags(self) -> dict[str, str]:
        """The container's title and the like."""
        return self._recording.tags if self._recording else {}

    @property
    def left_out(self) -> list[str]:
        """Streams that are not read, a sentence each."""
        return self._recording.left_out if self._recording else []

    @property
    def concealed(self) -> int:
        """How many pictures have parts that could not be decoded; in a loop, those of this round."""
        return self._recording.concealed if self._recording else 0

    @property
    def is_cut_short(self) -> bool:
        """Whether the file could not be read to its end."""
        return self._recording is not None and self._recording.is_cut_short

    def _enter(self) -> None:
        recording = self._open()
        with naming(self.path):
            self.size = shown_size((recording.first.width, recording.first.height), recording.geometry)
        alpha = alpha_of(recording.first)
        self.alpha = None if alpha is None or not self._with_alpha else turn_plane(alpha, recording.geometry)
        self.is_laid_on_white = alpha is not None and not self._with_alpha
        self.has_other_colours = needs_mapping(recording.first)
        self.fps = recording.fps
        self.frame_count = recording.stream.frames or None
        self.damaged = self.end_ns = 0
        self._pace = Pace(self._clock, self._sleep) if self._realtime else None
        self._frames = self._play(self._rounds(recording), recording.geometry)

    def _read(self) -> Frame:
        return next(self._frames)

    def _close(self) -> None:
        self._frames.close()  # else the generator keeps us, the decoder and its threads until a collection
        self._frames = _no_frames()
        self._converter = Converter()
        self._close_recording()

    def _open(self) -> Recording:
        self._close_recording()
        self._recording = Recording(self.path, self._with_sound)
        return self._recording.__enter__()

    def _close_recording(self) -> None:
        recording, self._recording = self._recording, None
        if recording is not None:
            recording.close()

    def _play(self, pictures: Iterator[TimedPicture], geometry: Geometry) -> Generator[Frame, None, None]:
        """All frames, round after round, each one when it is due, and again where it stays for long.

        pictures  as `_rounds` gives them; it alone holds the recording, whose decoder ends with each round
        """
        frame: Frame | None = None
        numbers, last_ns = count(), 0
        for picture, moment_ns, is_cut in pictures:
            if frame is not None and self._pace is not None:
                for between_ns in moments_between(last_ns, moment_ns):
                    captured_ns = self._pace.wait(between_ns)
                    frame = replace(frame, index=next(numbers), captured_ns=captured_ns, is_cut=False)
                    yield frame
            captured_ns = self._pace.wait(moment_ns) if self._pace else moment_ns
            with naming(self.path):
                frame = to_frame(
                    opaque(picture) if self.alpha is not None else picture,
                    next(numbers),
                    captured_ns,
                    is_cut,
                    self._converter,
                    geometry,
                )
            last_ns = moment_ns
            yield frame

    def _rounds(self, recording: Recording) -> Iterator[TimedPicture]:
        """All pictures with their moment on one timeline in nanoseconds, and whether a round begins."""
        period_ns = round(SECOND_NS / self.fps)
        start_ns: int | None = None  # of the round; the first one keeps the file's own time stamps
        while True:
            shift_ns, pts_ns, is_first, damaged = 0, -period_ns, True, self.damaged
            for picture in recording.pictures():
                self.damaged = damaged + recording.damaged
                pts_ns = _pts_ns(picture, pts_ns + period_ns)
                if is_first and start_ns is not None:
                    shift_ns = start_ns - pts_ns
                self.end_ns = shift_ns + pts_ns + _duration_ns(picture, period_ns)
                yield picture, shift_ns + pts_ns, is_first
                is_first = False
            self.damaged = damaged + recording.damaged
            if self._realtime and self.damaged and not damaged:
                log.warning("%s: packets that cannot be decoded are left out: %d", self.name, self.damaged)
            self.end_ns = max(self.end_ns, shift_ns + round(recording.end_s * SECOND_NS))
            if not self._loop:
                return
            start_ns = self.end_ns
            # opened again and not rewound: that works for every container and after any decoder state
            del recording  # with its decoder, before there is another one
            recording = self._open()


def moments_between(last_ns: int, next_ns: int) -> range:
    """When to show a picture again, as a source owes one within two seconds, until the next one is due.

    A gap of more than a minute is a time stamp that is wrong: nobody waits for that.
    """
    is_gap = MAX_STEP_NS < next_ns - last_ns <= LONGEST_GAP_NS
    return range(last_ns + MAX_STEP_NS, next_ns, MAX_STEP_NS) if is_gap else range(0)


def _no_frames() -> Generator[Frame, None, None]:
    yield from ()


def _pts_ns(picture: VideoFrame, otherwise_ns: int) -> int:
    moment = moment_s(picture)
    return otherwise_ns if moment is None else round(moment * SECOND_NS)


def _duration_ns(picture: VideoFrame, otherwise_ns: int) -> int:
    """For how long a picture is shown, as its packet says."""
    if not picture.duration or picture.time_base is None:
        return otherwise_ns
    return round(picture.duration * picture.time_base * SECOND_NS)
