"""Which of a container's streams are meant: the video and not its cover, the sound that plays by default."""

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

TEXT_DEMUXER = "tty"  # FFmpeg would show a text file as ANSI art
NO_VIDEO = Disposition.attached_pic | Disposition.timed_thumbnails


def best_video(container: InputContainer) -> VideoStream | None:
    """The stream to show; None if there is only sound, text or a cover.

    One that FFmpeg can decode comes before one that it cannot, then the default one, then the largest.
    """
    if container.format.name == TEXT_DEMUXER:
        return None
    videos = [stream for stream in container.streams.video if not stream.disposition & NO_VIDEO]
    return max(videos, key=_rank, default=None)  # the first of equals


def sounds(container: InputContainer) -> list[AudioStream]:
    """All streams of sound that can be understood, the default one first."""
    known = [stream for stream in container.streams.audio if _is_known(stream)]
    return sorted(known, key=lambda stream: not stream.disposition & Disposition.default)


def unknown_sounds(container: InputContainer) -> int:
    """How many streams of sound FFmpeg can make nothing of."""
    return sum(not _is_known(stream) for stream in container.streams.audio)


def left_out(container: InputContainer) -> list[str]:
    """What else a container has that a copy does not carry, a sentence each."""
    counts = {
        "subtitles": len(container.streams.subtitles),
        "further pictures": sum(not stream.disposition & NO_VIDEO for stream in container.streams.video) - 1,
    }
    return [f"streams of {what} are left out: {count}" for what, count in counts.items() if count > 0]


def _rank(stream: VideoStream) -> tuple[bool, bool, int]:
    if stream.codec_context is None:  # which its type hint does not say
        return False, bool(stream.disposition & Disposition.default), 0
    return True, bool(stream.disposition & Disposition.default), stream.width * stream.height


def _is_known(stream: AudioStream) -> bool:
    return stream.codec_context is not None and stream.rate > 0 and stream.channels > 0
