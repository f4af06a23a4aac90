import re
from pathlib import Path

import av
import numpy as np
import pytest
from av.bitstream import BitStreamFilterContext
from video_files import damage_packet, flip_bytes, grey_picture, write_noise, write_talk, write_video

from vcam.api.offline import describe_damage
from vcam.errors import SourceError
from vcam.media.rate import rate_of
from vcam.media.reading import Recording, moment_s
from vcam.media.streams import best_video
from vcam.sources.file import FileSource


def count_pictures(path: Path) -> tuple[int, int]:
    """How many pictures a recording has, and how many packets could not be decoded."""
    with Recording(path) as recording:
        return len(list(recording.pictures())), recording.damaged


def count_concealed(path: Path) -> int:
    with Recording(path) as recording:
        list(recording.pictures())
        return recording.concealed


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [("a.mp4", "libx264", "yuv420p"), ("a.avi", "mjpeg", "yuvj420p"), ("b.mp4", "libx265", "yuv420p")],
)
def test_one_bad_packet_is_one_bad_picture(tmp_path: Path, name: str, codec: str, pix_fmt: str) -> None:
    path = write_video(tmp_path / name, 20, fps=25, codec=codec, pix_fmt=pix_fmt)
    assert count_pictures(damage_packet(path, 12)) == (19, 1)


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_pictures_whose_damage_the_decoder_conceals_are_counted(
    tmp_path: Path, name: str, codec: str
) -> None:
    path = write_noise(tmp_path / name, codec)
    assert (count_concealed(path), count_pictures(path)) == (0, (20, 0))
    flip_bytes(path, 10)
    assert 0 < count_concealed(path) <= 10
    with FileSource(path, realtime=False) as source:
        assert len(list(source)) == 20
        assert re.match(r"at least \d+ pictures are damaged in parts", describe_damage(source)[0])


def test_a_recording_without_a_good_packet_is_said_to_be_one(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", 2, codec="mjpeg", pix_fmt="yuvj420p")
    for number in range(2):
        damage_packet(path, number)
    with pytest.raises(SourceError, match=r"a\.avi .*cannot be decoded|no picture in it could be decoded"):
        count_pictures(path)


def test_a_recording_without_its_index_is_said_to_be_cut_short(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", 20)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(SourceError, match=r"a\.mp4 is cut short, and nothing in it can be decoded"):
        count_pictures(path)


def test_joined_recordings_are_one_after_the_other(tmp_path: Path) -> None:
    part = write_talk(tmp_path / "a.ts", 2.0, sound="mp2")
    (tmp_path / "both.ts").write_bytes(part.read_bytes() * 2)
    with Recording(tmp_path / "both.ts", with_sound=True) as recording:
        moments = [moment_s(picture) for picture in recording.pictures()]
        assert recording.sound is not None
    steps = np.diff([float(moment) for moment in moments if moment is not None])
    assert len(moments) == 100
    assert steps.min() > 0.03
    assert steps.max() < 0.06  # one frame in 40 ms, and a joint of sound and picture


@pytest.mark.parametrize("offsets_s", [(0, 1000), (1000, 0)])
def test_recordings_hours_apart_are_joined_too(tmp_path: Path, offsets_s: tuple[int, int]) -> None:
    whole = b""
    for offset_s in offsets_s:
        whole += write_talk(tmp_path / "a.ts", 2.0, sound="mp2", offset_s=offset_s).read_bytes()
    (tmp_path / "both.ts").write_bytes(whole)
    with FileSource(tmp_path / "both.ts", realtime=False) as source:
        frames = list(source)
        length_s = (source.end_ns - frames[0].captured_ns) / 1e9
    assert len(frames) == 100
    assert length_s == pytest.approx(4, abs=0.06)  # a frame and a half


def test_what_the_codec_crops_at_the_left_is_not_shown(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.264", 3)
    with av.open(str(path)) as container, (tmp_path / "b.264").open("wb") as file:
        cropped = BitStreamFilterContext("h264_metadata=crop_left=16", container.streams.video[0])
        for packet in container.demux(video=0):
            file.write(b"".join(bytes(each) for each in cropped.filter(packet if packet.size else None)))
    with Recording(tmp_path / "b.264") as recording:
        assert (recording.first.width, recording.first.height) == (48, 48)


def test_a_cover_is_not_the_video(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        cover = container.add_stream("mjpeg", rate=25)
        cover.width, cover.height, cover.pix_fmt = 320, 240, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        container.mux(cover.encode(grey_picture((320, 240), 90, "yuvj420p")))
        for level in range(5):
            container.mux(video.encode(grey_picture((64, 48), 16 + level)))
        container.mux(video.encode(None))
    with av.open(str(path)) as container:
        if not any(stream.disposition & av.stream.Disposition.attached_pic for stream in container.streams):
            container.streams.video[0].disposition = av.stream.Disposition.attached_pic
        best = best_video(container)
        assert best is not None
        assert (best.width, best.height) == (64, 48)


def test_a_raw_stream_has_the_rate_of_its_headers(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.264", 10, fps=30)
    with av.open(str(path)) as container:
        assert rate_of(container, container.streams.video[0]) == 30
    with Recording(path) as recording:
        assert recording.fps == 30


def test_an_animated_webp_is_named_as_what_it_is(tmp_path: Path) -> None:
    header = b"VP8X" + (10).to_bytes(4, "little") + bytes([0x02, 0, 0, 0, 63, 0, 0, 47, 0, 0])
    (tmp_path / "a.webp").write_bytes(b"RIFF" + (len(header) + 4).to_bytes(4, "little") + b"WEBP" + header)
    with pytest.raises(SourceError, match=r"cannot read animated WebP|is not a video"):
        count_pictures(tmp_path / "a.webp")


def test_streams_that_are_not_read_are_named(tmp_path: Path) -> None:
    part = write_video(tmp_path / "a.mkv", 3)
    (tmp_path / "a.srt").write_text("1\n00:00:00,000 --> 00:00:00,200\nhello\n")
    with (
        av.open(str(part)) as container,
        av.open(str(tmp_path / "a.srt")) as text,
        av.open(str(tmp_path / "b.mkv"), "w") as target,
    ):
        sources = [container.streams.video[0], container.streams.video[0], text.streams.subtitles[0]]
        copies = [target.add_stream_from_template(source) for source in sources]
        for packet in [packet for packet in container.demux(video=0) if packet.size]:
            for copy in copies[:2]:
                packet.stream = copy
                target.mux(packet)
    with Recording(tmp_path / "b.mkv") as recording:
        assert recording.left_out == [
            "streams of subtitles are left out: 1",
            "streams of further pictures are left out: 1",
        ]
    with Recording(part) as recording:
        assert recording.left_out == []
