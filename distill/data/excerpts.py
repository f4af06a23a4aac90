"""Parts of clips in time: so that of a few clips each gives pictures to train on and others to judge by."""

from dataclasses import dataclass, replace
from pathlib import Path

import av
import cv2
from av.container import InputContainer
from av.video.stream import VideoStream

from distill.damage.degradation import FPS
from vcam.errors import SourceError
from vcam.media.opening import DECODER_OPTIONS, open_recording
from vcam.media.reading import check_decoder
from vcam.media.streams import best_video

# raised when a file is not a readable video; a size that nobody can hold is an error of OpenCV, or of memory
UNREADABLE = (av.FFmpegError, OSError, ValueError, cv2.error, MemoryError, SourceError)
HELD_BACK = 0.2  # the end of each clip
LEAST_HELD = 24  # frames: what one clip is judged by


@dataclass(frozen=True)
class Excerpt:
    """A part of a clip, from `begin_s` up to `end_s`, at a rate in frames a second."""

    path: Path
    begin_s: float
    end_s: float
    rate: float

    @property
    def frames(self) -> int:
        return round((self.end_s - self.begin_s) * self.rate)

    @property
    def name(self) -> str:
        return f"{self.path.name} from {self.begin_s:.1f} s"

    @property
    def stem(self) -> str:
        return f"{self.path.stem} from {self.begin_s:.1f} s"


Clip = Path | Excerpt


def path_of(clip: Clip) -> Path:
    return clip.path if isinstance(clip, Excerpt) else clip


def video_of(container: InputContainer) -> VideoStream:
    """The stream to learn from. Raises SourceError if there is none, or none that can be decoded."""
    stream = best_video(container)
    if stream is None:
        raise SourceError(f"{container.name} has no video stream")
    check_decoder(stream, container.name)
    stream.codec_context.options = DECODER_OPTIONS
    return stream


def whole(path: Path) -> Excerpt | None:
    """All of a clip as an excerpt; None if it is not readable."""
    try:
        with open_recording(path) as container:
            stream = video_of(container)
            rate = float(stream.average_rate or FPS)
            return Excerpt(path, 0.0, _duration_s(container, rate), rate)
    except UNREADABLE:
        return None


def _duration_s(container: InputContainer, rate: float) -> float:
    """As the file says; of one that does not say, its packets are counted."""
    stream = video_of(container)
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if container.duration:
        return float(container.duration / av.time_base)
    return sum(packet.size > 0 for packet in container.demux(stream)) / rate


def hold_back(clip: Excerpt) -> tuple[Excerpt, Excerpt] | None:
    """The first part of a clip, to train on, and its end, to judge by: a fifth, or LEAST_HELD frames if more.

    None if the clip is too short for both.
    """
    if clip.frames < 2 * LEAST_HELD:
        return None
    held_s = max(HELD_BACK * (clip.end_s - clip.begin_s), LEAST_HELD / clip.rate)
    return replace(clip, end_s=clip.end_s - held_s), replace(clip, begin_s=clip.end_s - held_s)


def cut_windows(clip: Excerpt, frames: int) -> list[Excerpt]:
    """As many windows of so many frames as fit into an excerpt, one after the other; at least one."""
    length_s = frames / clip.rate
    count = max(1, int(clip.frames // frames))
    starts = [clip.begin_s + number * length_s for number in range(count)]
    return [replace(clip, begin_s=start, end_s=min(start + length_s, clip.end_s)) for start in starts]
