"""The sound of a recording, carried over to its restored copy as it is."""

import heapq
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.packet import Packet

from vcam.media import file_address, open_recording
from vcam.partial import make_partial


def copy_audio(recording: Path, video: Path, begin_s: Fraction) -> str:
    """Put the first audio stream of `recording` into `video`, a file that has none.

    begin_s  the time stamp, in seconds, of the recording's frame that is the first in `video`

    Returns "" if there is none or it was copied, else why it could not be; then `video` is as it was.
    """
    partial: Path | None = None
    try:
        partial = make_partial(video)
        if _mux(recording, video, partial, begin_s):
            partial.replace(video)
    except (av.FFmpegError, OSError, ValueError) as error:
        return str(getattr(error, "strerror", None) or error)
    finally:
        if partial is not None:
            with suppress(OSError):
                partial.unlink()
    return ""


def _mux(recording: Path, video: Path, target: Path, begin_s: Fraction) -> bool:
    """Write both streams to `target`; False if the recording has no audio."""
    with ExitStack() as stack:
        sound = stack.enter_context(open_recording(recording))
        if not sound.streams.audio:
            return False
        picture = stack.enter_context(open_recording(video))
        kind = "mp4" if video.suffix.lower() == ".mp4" else "matroska"
        output = stack.enter_context(av.open(file_address(target), "w", format=kind))
        pairs = ((picture, picture.streams.video[0], Fraction(0)), (sound, sound.streams.audio[0], begin_s))
        copies = [
            _packets(container, stream, output.add_stream_from_template(stream), shift_s)
            for container, stream, shift_s in pairs
        ]
        for _, packet in heapq.merge(*copies, key=lambda timed: timed[0]):
            output.mux(packet)
    return True


def _packets(container: Any, stream: Any, copy: Any, shift_s: Fraction) -> Iterator[tuple[Fraction, Packet]]:
    """The packets of a stream with the time of their decoding, `shift_s` earlier; none before 0."""
    for packet in container.demux(stream):
        if packet.dts is None or packet.pts is None:
            continue
        shift = round(shift_s / packet.time_base)
        packet.pts -= shift
        packet.dts -= shift
        if packet.pts >= 0:
            packet.stream = copy
            yield packet.dts * packet.time_base, packet
