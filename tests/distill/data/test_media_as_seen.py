"""Clips and stills are read as they are to be seen: by the room that reads them for `enhance`."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from media_files import write_clip
from talking_head import Film

from distill.data.excerpts import whole
from distill.data.media import cut_clip, list_media, read_clip, read_still
from vcam.conversion.pyav import to_picture
from vcam.frame import Frame

GREEN = (40, 180, 60)
EXIF_SIX = (
    b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"  # a quarter turn clockwise
)


def write_flat(
    path: Path, rgb: tuple[int, int, int], size: tuple[int, int], aspect: Fraction = Fraction(1)
) -> Path:
    """A clip of one colour, BT.709, with pixels of a shape; its left half is black."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "4"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.sample_aspect_ratio = aspect
        stream.codec_context.colorspace = stream.codec_context.color_primaries = 1
        pixels = np.full((size[1], size[0], 3), rgb, np.uint8)
        pixels[:, : size[0] // 2] = 0
        for number in range(12):
            picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            picture = picture.reformat(format="yuv420p", dst_colorspace=1)
            picture.pts, picture.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def colour(frame: Frame) -> tuple[int, int, int]:
    """Luma and chroma at the right."""
    return int(frame.y[10, -6]), int(frame.u[5, -3]), int(frame.v[5, -3])


def test_colours_of_hd_are_those_of_other_clips(tmp_path: Path) -> None:
    (frame, *_) = read_clip(write_flat(tmp_path / "a.mp4", GREEN, (1280, 720)), 1)
    # BT.601 of 40, 180, 60; two code values for the codec and two conversions
    assert colour(frame) == pytest.approx((122, 95, 73), abs=2)


def test_pixels_of_another_shape_become_square(tmp_path: Path) -> None:
    path = write_flat(tmp_path / "a.mp4", GREEN, (64, 64), Fraction(3, 2))
    assert {frame.size for frame in read_clip(path)} == {(96, 64)}
    excerpt = whole(path)
    assert excerpt is not None
    for clip in (path, excerpt):
        frames = cut_clip(clip, 64, 4, np.random.default_rng(0))
        assert [frame.size for frame in frames] == [(64, 64)] * 4


def test_a_turned_clip_is_upright(tmp_path: Path) -> None:
    path = write_flat(tmp_path / "a.mp4", (255, 255, 255), (64, 48))
    with av.open(str(path)) as container, av.open(str(tmp_path / "b.mp4"), "w") as turned:
        source = container.streams.video[0]
        stream = turned.add_stream_from_template(source)
        stream.set_display_rotation(90)  # counter-clockwise: what is at the right is shown above
        for packet in container.demux(source):
            if packet.size:
                packet.stream = stream
                turned.mux(packet)
    (frame, *_) = read_clip(tmp_path / "b.mp4", 1)
    assert frame.size == (48, 64)
    assert (frame.y[4, 24] > 200) != (frame.y[-4, 24] > 200)


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp"])
def test_stills_of_all_kinds_are_read(tmp_path: Path, ending: str) -> None:
    pixels = np.full((48, 64, 3), GREEN[::-1], np.uint8)
    cv2.imwrite(str(tmp_path / f"a{ending}"), pixels)
    still = read_still(tmp_path / f"a{ending}")
    assert still is not None
    assert still.shape == (48, 64, 3)
    assert np.abs(still.astype(int) - pixels).max() <= 5  # YUV of 8 bits, and a lossy file


def test_a_turned_photo_is_upright(tmp_path: Path) -> None:
    encoded = cv2.imencode(".jpg", np.zeros((48, 64, 3), np.uint8))[1].tobytes()
    segment = b"\xff\xe1" + (len(EXIF_SIX) + 2).to_bytes(2, "big") + EXIF_SIX
    (tmp_path / "a.jpg").write_bytes(encoded[:2] + segment + encoded[2:])
    still = read_still(tmp_path / "a.jpg")
    assert still is not None
    assert still.shape == (64, 48, 3)


def test_what_is_transparent_is_learnt_as_it_looks(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((48, 64, 4), np.uint8))
    still = read_still(tmp_path / "a.png")
    assert still is not None
    assert still.min() >= 254


def test_phones_and_camcorders_files_are_found(tmp_path: Path) -> None:
    for name in ("a.heic", "b.AVIF", "c.MTS", "d.m4v", "e.3gp", "f.gif"):
        (tmp_path / name).touch()
    media = list_media([tmp_path])
    assert [path.name for path in media.stills] == ["a.heic", "b.AVIF"]
    assert [path.name for path in media.clips if isinstance(path, Path)] == ["c.MTS", "d.m4v", "e.3gp"]


def damage(path: Path, number: int) -> Path:
    """Zero a packet of a file."""
    with av.open(str(path)) as container:
        packet = bytes([packet for packet in container.demux(video=0) if packet.size][number])
    path.write_bytes(path.read_bytes().replace(packet, bytes(len(packet))))
    return path


def test_a_clip_ends_before_what_is_damaged(tmp_path: Path, film: Film) -> None:
    path = write_clip(tmp_path / "a.mkv", film(20, (160, 96)))
    assert 0 < len(read_clip(damage(path, 12))) < 20


def test_a_clip_begins_with_its_first_good_frame(tmp_path: Path, film: Film) -> None:
    with av.open(str(tmp_path / "a.avi"), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuvj420p"
        for number, frame in enumerate(film(5, (160, 96))):
            picture = to_picture(frame).reformat(format="yuvj420p")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    assert len(read_clip(damage(tmp_path / "a.avi", 0))) == 4
