"""Small recordings, made in a test."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame


def write_video(
    path: Path,
    count: int = 10,
    *,
    size: tuple[int, int] = (64, 48),
    fps: int = 10,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    pts: list[int] | None = None,
    title: str = "",
) -> Path:
    """Write `count` grey pictures, 16 code values apart; `pts` are in frames."""
    with av.open(str(path), "w") as container:
        if title:
            container.metadata["title"] = title
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        stream.codec_context.time_base = Fraction(1, fps)
        for number in range(count):
            picture = grey_picture(size, 16 + 16 * number % 220, pix_fmt)
            picture.pts = pts[number] if pts else number
            picture.time_base = Fraction(1, fps)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def grey_picture(size: tuple[int, int], level: int, pix_fmt: str = "yuv420p") -> VideoFrame:
    return flat_picture(size, (level, 128, 128), pix_fmt)


def flat_picture(size: tuple[int, int], yuv: tuple[int, int, int], pix_fmt: str = "yuv420p") -> VideoFrame:
    """One colour, given as code values of the three planes."""
    picture = VideoFrame(*size, pix_fmt)
    for plane, level in zip(picture.planes, yuv, strict=True):
        plane.update(np.full(plane.buffer_size, level, np.uint8).tobytes())
    return picture


def write_talk(
    path: Path,
    seconds: float = 2.0,
    *,
    sound: str | None = "aac",
    video: str = "libx264",
    pix_fmt: str = "yuv420p",
    rate: int = 48_000,
    language: str = "",
    sound_from_s: float = 0.0,
    offset_s: int = 0,
) -> Path:
    """A black 64x48 clip at 25 fps, white from its middle on, with a sound that is silent up to then.

    sound         FFmpeg's name of the encoder, at `rate` samples a second, mono; None for none
    sound_from_s  when the sound begins
    offset_s      added to all time stamps
    """
    options = {"output_ts_offset": str(offset_s)}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(video, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, pix_fmt
        track = container.add_stream(sound, rate=rate, layout="mono") if sound else None
        if track is not None and language:
            track.metadata["language"] = language
        for number in range(round(seconds * 25)):
            level = 16 if number < seconds * 25 / 2 else 235
            container.mux(stream.encode(grey_picture((64, 48), level, pix_fmt)))
        container.mux(stream.encode(None))
        if track is not None:
            count = round((seconds - sound_from_s) * rate)
            moments_s = sound_from_s + np.arange(count) / rate
            tone = np.where(moments_s < seconds / 2, 0, 0.5 * np.sin(moments_s * 2 * np.pi * 440))
            frame = av.AudioFrame.from_ndarray(np.float32(tone)[None], format="fltp", layout="mono")
            frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
            frame.pts = round(sound_from_s * rate)
            container.mux(track.encode(frame))
            container.mux(track.encode(None))
    return path


def find_onsets(path: Path) -> tuple[float, float]:
    """When a clip of `write_talk` becomes white, and when it becomes loud, in seconds."""
    with av.open(str(path)) as container:
        white_s = next(float(p.time) for p in container.decode(video=0) if p.to_ndarray()[:16].mean() > 126)
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = frame.to_ndarray().astype(np.float64).reshape(-1)  # mono
            loud = np.flatnonzero(np.abs(samples) > (0.2 if frame.format.name.startswith("flt") else 6000))
            if len(loud):
                return white_s, float(frame.time) + int(loud[0]) / frame.sample_rate
    raise AssertionError(f"{path} is silent")


def damage_packet(path: Path, number: int) -> Path:
    """Overwrite the content of a video's Nth packet, and nothing else, with noise."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        position, size = packets[number].pos, packets[number].size
    content = bytearray(path.read_bytes())
    content[position : position + size] = np.random.default_rng(0).bytes(size)
    path.write_bytes(content)
    return path


def write_noise(path: Path, codec: str) -> Path:
    """20 pictures of 128x96 that give a decoder something to read."""
    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for _ in range(20):
            noise = rng.integers(0, 255, (96, 128, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noise, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def flip_bytes(path: Path, first: int) -> None:
    """Invert bytes in the middle of each of a video's packets from the Nth on, whose beginnings stay."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        middles = [packet.pos + packet.size // 2 for packet in packets[first:]]
    content = bytearray(path.read_bytes())
    for middle in middles:
        content[middle : middle + 8] = bytes(255 - byte for byte in content[middle : middle + 8])
    path.write_bytes(content)
