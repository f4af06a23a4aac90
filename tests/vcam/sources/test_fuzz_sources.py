"""Damaged recordings and addresses, from a seed: each is read, or refused with a sentence."""

import string
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from video_files import write_video

from vcam.config import Config
from vcam.errors import ConfigError, SourceError
from vcam.frame import check_size
from vcam.sources import FileSource, make_source

FILES = 40  # of each kind: all of them take seconds
ADDRESSES = 2000
FRAMES = 12  # the recordings have fewer
LONGEST = 300  # of a sentence, in characters, its path left out

VIDEOS = {
    "h264.mp4": "libx264",
    "h264.mkv": "libx264",
    "h264.ts": "libx264",
    "mpeg4.avi": "mpeg4",
    "mjpeg.avi": "mjpeg",
    "vp9.webm": "libvpx-vp9",
    "ffv1.mkv": "ffv1",
}
PIECES = [
    *("rtsp://", "HTTP://", "file://", "file:", "udp://@", "concat:", "localhost", ":99999", ".sdp", ".mp4"),
    *("[", "]", "::1", ":", "@", "/", "?", "#", "%", "%zz", "..", "\\", "|", " ", "\0", "\udc80", "\u2105"),
    "a" * 300,
]
STILLS = ("png", "jpg", "webp", "bmp", "tiff")


def write_sample(folder: Path, name: str) -> bytes:
    path = folder / name
    if name in VIDEOS:
        pix_fmt = "yuvj420p" if VIDEOS[name] == "mjpeg" else "yuv420p"
        write_video(path, 8, codec=VIDEOS[name], pix_fmt=pix_fmt)
    else:
        cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8))
    return path.read_bytes()


def flip(content: bytearray, rng: np.random.Generator) -> None:
    for place in rng.integers(0, len(content), rng.integers(1, 30)):
        content[place] = rng.integers(0, 256)


def spoil_head(content: bytearray, rng: np.random.Generator) -> None:
    for place in rng.integers(0, min(len(content), 600), rng.integers(1, 20)):
        content[place] = rng.choice([0, 1, 0x7F, 0x80, 0xFF])


def cut(content: bytearray, rng: np.random.Generator) -> None:
    del content[rng.integers(0, len(content)) :]


def cut_out(content: bytearray, rng: np.random.Generator) -> None:
    start = int(rng.integers(0, len(content)))
    del content[start : start + int(rng.integers(1, 200))]


def double(content: bytearray, rng: np.random.Generator) -> None:
    start = int(rng.integers(0, len(content)))
    content[start:start] = content[start : start + int(rng.integers(1, 200))]


def append(content: bytearray, rng: np.random.Generator) -> None:
    content += rng.bytes(100)


MUTATIONS: list[Callable[[bytearray, np.random.Generator], None]] = [
    flip,
    spoil_head,
    cut,
    cut_out,
    double,
    append,
]


@pytest.mark.parametrize("name", [*VIDEOS, *(f"still.{ending}" for ending in STILLS)])
def test_a_damaged_file_is_read_or_refused_with_a_sentence(tmp_path: Path, name: str) -> None:
    whole = write_sample(tmp_path, name)
    rng = np.random.default_rng(len(name))
    path = tmp_path / f"damaged-{name}"
    shown = 0
    for _ in range(FILES):
        content = bytearray(whole)
        for mutate in rng.choice(MUTATIONS, rng.integers(1, 3)):  # type: ignore[arg-type]  # takes functions
            if content:
                mutate(content, rng)
        path.write_bytes(content)
        shown += read_or_refuse(path)
    assert shown > 0, "if none can be read, this proves little"


def read_or_refuse(path: Path) -> int:
    """The frames that a file gives; fails if it is refused by anything but a sentence."""
    count = 0
    try:
        with FileSource(path, realtime=False) as source:
            for frame, _ in zip(source, range(FRAMES), strict=False):
                check_size(frame.size)
                count += 1
    except SourceError as error:
        sentence = str(error).replace(str(path), "")
        assert 0 < len(sentence) < LONGEST
        assert "\n" not in sentence
        assert error.__cause__ is None, "nobody foresaw this: it needs a sentence of its own"  # noqa: PT017
    return count


def test_any_address_is_a_source_or_refused_without_its_password() -> None:
    rng = np.random.default_rng(0)
    for _ in range(ADDRESSES):
        words = rng.choice(PIECES, rng.integers(1, 7))
        password = "".join(rng.choice(list(string.ascii_letters), 12))
        spec = f"{words[0]}joe:{password}@{''.join(words[1:])}"
        for make in (lambda: make_source(spec, size=(64, 48), fps=10), lambda: Config(source=spec)):  # noqa: B023
            try:
                make()
            except (SourceError, ConfigError) as error:
                assert password not in str(error)  # noqa: PT017
