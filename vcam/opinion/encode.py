"""Clips for browsers: VP9 in WebM, which Chromium and Firefox decode, without a visible loss."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
from av.video.stream import VideoStream

from vcam.conversion.pyav import to_picture
from vcam.errors import SinkError
from vcam.frame import Frame
from vcam.media.opening import file_address
from vcam.metrics import psnr
from vcam.sinks.disk import explain

NEAR_LOSSLESS = {"crf": "4", "b": "0", "deadline": "realtime", "cpu-used": "8", "row-mt": "1", "threads": "4"}
LOSSLESS = {"lossless": "1", "deadline": "realtime", "cpu-used": "8", "row-mt": "1", "threads": "4"}
MILLISECONDS = Fraction(1, 1000)  # WebM's time base
SECOND_NS = 1_000_000_000
LEAST_DB = 42.0  # of a clip's worst frame; with NEAR_LOSSLESS, 53 dB on the bundled clip
SMPTE170M, LIMITED_RANGE = 6, 1  # ISO 23091-2 code points


def write_clip(path: Path, frames: Sequence[Frame], fps: float, is_lossless: bool = False) -> float:
    """Write frames of one size as a clip, and return the PSNR of the worst one in dB, after decoding it.

    fps  of the encoder; each frame is shown at its own `captured_ns`, the first one at 0

    Raises SinkError if the file cannot be written, or if what comes out of it is not what went in.
    """
    try:
        with av.open(file_address(path), "w", format="webm") as container:
            stream = container.add_stream("libvpx-vp9", rate=Fraction(fps).limit_denominator(1001))
            assert isinstance(stream, VideoStream)
            stream.width, stream.height = frames[0].size
            stream.pix_fmt = "yuv420p"
            codec = stream.codec_context
            codec.options = dict(LOSSLESS if is_lossless else NEAR_LOSSLESS)
            codec.time_base = MILLISECONDS
            codec.colorspace = codec.color_primaries = codec.color_trc = SMPTE170M
            codec.color_range = LIMITED_RANGE
            for pts, frame in zip(_times_ms(frames), frames, strict=True):
                picture = to_picture(frame)
                picture.pts, picture.time_base = pts, MILLISECONDS
                container.mux(stream.encode(picture))
            container.mux(stream.encode(None))
        worst_db = _worst_psnr(path, frames)
    except (av.FFmpegError, OSError) as error:
        raise SinkError(explain(path, error)) from error
    if worst_db < LEAST_DB:
        raise SinkError(
            f"a clip was encoded at {worst_db:.1f} dB, expected {LEAST_DB:g} or more, so that people do not "
            "judge the encoding: add --lossless"
        )
    return worst_db


def _times_ms(frames: Sequence[Frame]) -> list[int]:
    """When each frame is shown, in whole milliseconds, rising from 0."""
    times: list[int] = []
    for frame in frames:
        moment_ms = round((frame.captured_ns - frames[0].captured_ns) * 1000 / SECOND_NS)
        times.append(max(moment_ms, times[-1] + 1) if times else 0)
    return times


def _worst_psnr(path: Path, frames: Sequence[Frame]) -> float:
    """PSNR in luma of the worst frame; 0 if their number is not the same."""
    with av.open(file_address(path)) as container:
        decoded = [
            picture.to_ndarray(format="yuv420p")[: frames[0].height] for picture in container.decode(video=0)
        ]
    if len(decoded) != len(frames):
        return 0.0
    return min(psnr(luma, frame.y) for luma, frame in zip(decoded, frames, strict=True))
