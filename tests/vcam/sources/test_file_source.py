import gc
import socket
import subprocess
import sys
import wave
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from manual_time import ManualTime
from video_files import write_video

from vcam.errors import SourceError
from vcam.frame import Frame
from vcam.media.reading import Recording
from vcam.sources.file import FileSource
from vcam.sources.sample import SAMPLE_PATH, sample_source

# a PNG of 20000x15000 pixels, 1 MB; what it takes to be refused, beyond the process itself, in MB
GIGAPIXEL = """
import struct, zlib
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
head, packer = struct.pack(">IIBBBBB", 20000, 15000, 8, 2, 0, 0, 0), zlib.compressobj()
rows = b"".join(packer.compress(bytes(60001)) for _ in range(15000)) + packer.flush()
open(sys.argv[1], "wb").write(
    b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    FileSource(sys.argv[1]).__enter__()
except Exception as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def take(source: FileSource, count: int) -> list[Frame]:
    return [next(source) for _ in range(count)]


def read_all(path: Path) -> list[Frame]:
    with FileSource(path, realtime=False) as source:
        return list(source)


def test_a_video_gives_all_its_frames_then_ends(tmp_path: Path) -> None:
    frames = read_all(write_video(tmp_path / "a.mp4", 10))
    assert [frame.index for frame in frames] == list(range(10))
    assert [frame.is_cut for frame in frames] == [True] + [False] * 9
    # flat grey at x264's default quality: within 3 code values
    assert [int(frame.y.mean()) for frame in frames] == pytest.approx(range(16, 176, 16), abs=3)


def test_what_the_container_says_is_known_once_open(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", 10, size=(96, 64), fps=12)
    with FileSource(path, realtime=False) as source:
        assert source.size == (96, 64)
        assert source.fps == Fraction(12)
        assert source.frame_count == 10
        assert source.name == "a.mp4"


def test_a_container_without_a_count_has_none(tmp_path: Path) -> None:
    with FileSource(write_video(tmp_path / "a.mkv"), realtime=False) as source:
        assert source.frame_count is None


def test_without_real_time_the_time_stamps_are_the_files() -> None:
    with sample_source(loop=False, realtime=False) as source:
        times_ms = [frame.captured_ns / 1e6 for frame in source]
    # the container's clock ticks 16000 times a second
    assert times_ms == pytest.approx([number * 1000 / 30 for number in range(109)], abs=0.1)


def test_in_real_time_frames_come_when_they_are_due(tmp_path: Path) -> None:
    time = ManualTime()
    path = write_video(tmp_path / "a.mkv", 4, fps=10, pts=[0, 1, 3, 4])
    with FileSource(path, clock=time.clock, sleep=time.sleep) as source:
        start_ns = time.now_ns
        offsets_ms = [(frame.captured_ns - start_ns) / 1e6 for frame in source]
    assert offsets_ms == pytest.approx([0, 100, 300, 400])


def test_a_picture_that_stays_for_long_is_shown_again_each_second(tmp_path: Path) -> None:
    time = ManualTime()
    path = write_video(tmp_path / "a.mkv", 3, fps=10, pts=[0, 1, 34])
    with FileSource(path, clock=time.clock, sleep=time.sleep) as source:
        start_ns = time.now_ns
        frames = list(source)
    assert [(frame.captured_ns - start_ns) / 1e6 for frame in frames] == pytest.approx(
        [0, 100, 1100, 2100, 3100, 3400]
    )
    assert [frame.index for frame in frames] == list(range(6))
    assert [frame.is_cut for frame in frames] == [True] + [False] * 5
    assert frames[4].y is frames[1].y


def test_a_time_stamp_that_is_hours_away_is_not_waited_for(tmp_path: Path) -> None:
    time = ManualTime()
    path = write_video(tmp_path / "a.mkv", 3, fps=10, pts=[0, 1, 360_000])
    with FileSource(path, clock=time.clock, sleep=time.sleep) as source:
        assert len(list(source)) == 3
    assert sum(time.slept_s) < 2


def test_a_loop_goes_on_counting_and_cuts_at_each_round(tmp_path: Path) -> None:
    with FileSource(write_video(tmp_path / "a.mp4", 3), loop=True, realtime=False) as source:
        frames = take(source, 7)
    assert [frame.index for frame in frames] == list(range(7))
    assert [frame.is_cut for frame in frames] == [True, False, False] * 2 + [True]


@pytest.mark.parametrize("name", ["a.mp4", "a.ts"])
def test_a_loop_has_no_gap_in_time(tmp_path: Path, name: str) -> None:
    with FileSource(write_video(tmp_path / name, 3, fps=10), loop=True, realtime=False) as source:
        times_ns = [frame.captured_ns for frame in take(source, 9)]
    assert np.diff(times_ns) == pytest.approx(100_000_000, abs=1000)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_picture_is_a_video_of_one_frame(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    cv2.imwrite(str(path), np.full((51, 65, 3), 255, np.uint8))
    (frame,) = read_all(path)
    assert frame.size == (64, 50)
    assert set(np.unique(frame.y)) == {235}


def test_a_video_that_begins_again_leaves_no_decoder_behind(tmp_path: Path) -> None:
    """One of 640x480 holds 7 MB and three threads."""
    with FileSource(write_video(tmp_path / "a.mp4", 3), loop=True, realtime=False) as source:
        gc.disable()  # each must end by itself
        try:
            take(source, 10)
            recordings = [thing for thing in gc.get_objects() if type(thing) is Recording]
        finally:
            gc.enable()
    assert len(recordings) == 1


def test_a_picture_can_loop(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((48, 64, 3), np.uint8))
    time = ManualTime()
    with FileSource(tmp_path / "a.png", loop=True, clock=time.clock, sleep=time.sleep) as source:
        assert [frame.index for frame in take(source, 3)] == [0, 1, 2]
    assert time.slept_s == [0.04, 0.04]


def test_a_source_can_be_opened_again(tmp_path: Path) -> None:
    source = FileSource(write_video(tmp_path / "a.mp4", 3), realtime=False)
    for _ in range(2):
        with source:
            assert [frame.index for frame in source] == [0, 1, 2]


def test_a_cut_off_file_gives_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "half.mp4"
    path.write_bytes(SAMPLE_PATH.read_bytes()[:150_000])
    assert 30 < len(read_all(path)) < 109


def test_a_damaged_part_costs_its_pictures_and_is_counted(tmp_path: Path) -> None:
    content = bytearray(SAMPLE_PATH.read_bytes())
    content[120_000:160_000] = np.random.default_rng(0).bytes(40_000)
    path = tmp_path / "damaged.mp4"
    path.write_bytes(content)
    with FileSource(path, realtime=False) as source:
        frames = list(source)
    assert 0 < source.damaged < 20
    assert 60 < len(frames) < 109
    assert frames[-1].captured_ns / 1e9 == pytest.approx(108 / 30, abs=0.01)  # it goes on to the end


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("noise.mp4", b"\x93\x1f\x00" * 700, "is not a video that FFmpeg reads"),
        ("empty.mp4", b"", "is not a video that FFmpeg reads"),
        ("notes.txt", b"hello\n" * 100, "has no video stream"),
    ],
)
def test_what_is_no_video_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=message):
        read_all(tmp_path / name)


def test_a_picture_that_is_too_small_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "one.png"
    cv2.imwrite(str(path), np.zeros((1, 1, 3), np.uint8))
    with pytest.raises(SourceError) as refused, FileSource(path):
        pass
    assert str(refused.value).startswith(f"{path}: the picture is 1x1, expected sides of 16")
    assert str(refused.value).count("one.png") == 1


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(16_000))
    with pytest.raises(SourceError, match="has no video stream"):
        read_all(tmp_path / "a.wav")


def test_a_missing_file_is_named_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no file .*gone\.mp4: check the path$"):
        read_all(tmp_path / "gone.mp4")


@pytest.mark.parametrize("name", ["2024-05-01T12:30:00.mp4", "concat:a|b.mp4", "a%03d.mp4", "-.mp4"])
def test_a_name_that_ffmpeg_takes_for_an_address_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write_video(tmp_path / name, 3)
    monkeypatch.chdir(tmp_path)
    assert len(read_all(Path(name))) == 3


def test_a_picture_whose_name_looks_like_a_series_is_that_picture(tmp_path: Path) -> None:
    for name, level in (("a%03d.png", 0), ("a001.png", 255)):
        cv2.imwrite(str(tmp_path / name), np.full((48, 64, 3), level, np.uint8))
    (frame,) = read_all(tmp_path / "a%03d.png")
    assert set(np.unique(frame.y)) == {16}


def test_a_playlist_opens_nothing_on_the_network(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.ts"
        (tmp_path / "a.m3u8").write_text(
            f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{address}\n#EXT-X-ENDLIST\n"
        )
        with pytest.raises(SourceError):
            read_all(tmp_path / "a.m3u8")
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_tag_that_is_not_utf8_is_no_reason_to_fail(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", 3, title="Weather in Z.rich")
    content = path.read_bytes()
    assert b"Z.rich" in content
    path.write_bytes(content.replace(b"Z.rich", b"Z\xfcrich"))
    assert len(read_all(path)) == 3


def test_a_codec_without_a_decoder_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>')
    with pytest.raises(SourceError, match="this FFmpeg has no decoder for it"):
        read_all(tmp_path / "a.svg")


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes there")
def test_a_picture_that_is_too_large_is_refused_before_it_takes_memory(tmp_path: Path) -> None:
    look = "import resource, sys\nfrom vcam.sources import FileSource\n" + GIGAPIXEL
    done = subprocess.run(
        [sys.executable, "-c", look, str(tmp_path / "a.png")], capture_output=True, text=True, check=True
    )
    sentence, grown_mb = done.stdout.splitlines()
    assert sentence.endswith("cannot be decoded: it is damaged, or larger than 8192x8192 pixels")
    assert float(grown_mb) < 50  # decoded, it would be 900


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is a directory"):
        read_all(tmp_path)


def test_the_bundled_clip_loops_and_is_small() -> None:
    with sample_source(realtime=False) as source:
        assert (source.size, source.fps, source.frame_count) == ((640, 480), 30, 109)
        assert [frame.is_cut for frame in take(source, 110)][-1]
    assert SAMPLE_PATH.stat().st_size < 600_000
    assert (SAMPLE_PATH.parent / "ATTRIBUTION.md").is_file()
