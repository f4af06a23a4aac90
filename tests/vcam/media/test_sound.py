from fractions import Fraction
from pathlib import Path

import av
import pytest
from video_files import find_onsets, grey_picture, write_talk

from vcam.conversion.pyav import to_frame
from vcam.media.reading import Recording, moment_s
from vcam.sinks import FileSink

IN_STEP_S = 0.03
VIDEO = {"a.avi": {"video": "mjpeg", "pix_fmt": "yuvj420p"}}  # AVI knows no pictures out of order


def carry_over(recording: Path, path: Path) -> list[str]:
    """Write a recording's pictures and its sound to a file; returns what the sound had to say."""
    with Recording(recording, with_sound=True) as source:
        sound, begin_s = source.sound, None
        with FileSink(path, (64, 48), float(source.fps), beside=sound, tags=source.tags) as sink:
            for index, picture in enumerate(source.pictures()):
                moment = moment_s(picture) or Fraction(0)
                if begin_s is None:
                    begin_s = sound.begin(moment) if sound else moment
                sink.send(to_frame(picture, index, 0), moment - begin_s)
        return sound.words if sound else []


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("a.mp4", "aac", 44_100),
        ("a.ts", "mp2", 48_000),
        ("a.ts", "aac", 48_000),
        ("a.mkv", "libopus", 48_000),
        ("a.mkv", "flac", 32_000),
        ("a.avi", "pcm_mulaw", 8_000),
        ("a.mov", "pcm_s16be", 22_050),
    ],
)
def test_sound_of_every_kind_arrives_in_step(
    tmp_path: Path, ending: str, name: str, codec: str, rate: int
) -> None:
    recording = write_talk(tmp_path / name, sound=codec, rate=rate, **VIDEO.get(name, {}))
    target = tmp_path / f"out.{ending}"
    assert carry_over(recording, target) == []
    white_s, loud_s = find_onsets(recording)
    copied_white_s, copied_loud_s = find_onsets(target)
    assert copied_white_s == pytest.approx(1.0, abs=0.001)
    assert copied_loud_s - copied_white_s == pytest.approx(loud_s - white_s, abs=IN_STEP_S)
    with av.open(str(target)) as container:
        assert float(next(container.decode(video=0)).time) == 0


def test_the_index_comes_first_with_sound_too(tmp_path: Path) -> None:
    carry_over(write_talk(tmp_path / "a.mp4"), tmp_path / "out.mp4")
    content = (tmp_path / "out.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_the_language_and_the_title_are_kept(tmp_path: Path) -> None:
    recording = write_talk(tmp_path / "a.mkv", language="fra")
    with av.open(str(recording)) as source, av.open(str(tmp_path / "b.mkv"), "w") as titled:
        titled.metadata["title"] = "Chez nous"
        copies = {stream.index: titled.add_stream_from_template(stream) for stream in source.streams}
        copies[1].metadata["language"] = "fra"
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream_index]
                titled.mux(packet)
    carry_over(tmp_path / "b.mkv", tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.audio[0].language == "fra"
        assert container.metadata["title"] == "Chez nous"


def test_sound_that_begins_long_before_the_picture_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame("s16", "mono", 16_000)
        frame.sample_rate, frame.pts, frame.time_base = 8000, 0, Fraction(1, 8000)
        container.mux(sound.encode(frame))
        for number in range(25):
            picture = grey_picture((64, 48), 16)
            picture.pts, picture.time_base = 25 + number, Fraction(1, 25)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
    carry_over(path, tmp_path / "out.mkv")
    with av.open(str(tmp_path / "out.mkv")) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) == 16_000


def test_streams_of_sound_that_nothing_can_read_are_named(tmp_path: Path) -> None:
    path = write_talk(tmp_path / "a.mkv", 0.4, sound="flac")
    content = path.read_bytes()
    assert content.count(b"A_FLAC") == 1
    path.write_bytes(content.replace(b"A_FLAC", b"A_ZQXW"))
    (words,) = carry_over(path, tmp_path / "out.mp4")
    assert "cannot read are left out: 1" in words
