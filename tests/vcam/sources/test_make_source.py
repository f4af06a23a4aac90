from pathlib import Path

import pytest

from vcam.errors import SourceError
from vcam.sources import (
    SAMPLE_PATH,
    AnySource,
    FileSource,
    PatternSource,
    StillSource,
    StreamSource,
    WebcamSource,
    make_source,
)


def make(spec: str) -> AnySource:
    return make_source(spec, size=(640, 360), fps=15)


@pytest.mark.parametrize(
    "spec", ["auto", "/dev/video0", "/dev/v4l/by-id/usb-x", "0", "C920", "USB2.0 HD UVC WebCam: USB2.0 HD"]
)
def test_cameras(spec: str) -> None:
    source = make(spec)
    assert isinstance(source, WebcamSource)
    assert (source.device, source.size, source.fps) == (spec, (640, 360), 15)


@pytest.mark.parametrize("spec", ["clip.mp4", "CLIP.MKV", "./clip", "/no/such/clip", r"C:\clip.xyz"])
def test_files(spec: str) -> None:
    source = make(spec)
    assert isinstance(source, FileSource)
    assert source.path == Path(spec)


def test_an_existing_file_needs_no_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "clip").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    assert isinstance(make("clip"), FileSource)


def test_a_file_url_is_a_file() -> None:
    source = make("file:///clips/a.mp4")
    assert isinstance(source, FileSource)
    assert source.path == Path("/clips/a.mp4")


@pytest.mark.parametrize(
    "spec",
    [
        "rtsp://cam/1",
        "RTSP://cam/1",
        "srt://0.0.0.0:9000?mode=listener",
        "udp://@:5000",
        "rtp://@:5004",
        "http://cam/live.ts",
        "https://cam/live.m3u8",
        "call.sdp",
    ],
)
def test_streams(spec: str) -> None:
    source = make(spec)
    assert isinstance(source, StreamSource)
    assert source.url == spec


def test_the_sample() -> None:
    source = make("sample")
    assert isinstance(source, FileSource)
    assert source.path == SAMPLE_PATH


def test_the_sample_with_a_still_background() -> None:
    source = make("sample-still")
    assert isinstance(source, StillSource)
    assert source.name == "talk.mp4, still background"


def test_the_pattern_has_the_size_and_rate_asked_for() -> None:
    source = make("pattern")
    assert isinstance(source, PatternSource)
    assert (source.size, source.fps) == ((640, 360), 15)


@pytest.mark.parametrize("spec", ["", "  "])
def test_an_empty_source_is_refused(spec: str) -> None:
    with pytest.raises(SourceError, match="the source is empty; expected auto"):
        make(spec)


def test_an_unknown_scheme_is_answered_with_the_known_ones() -> None:
    with pytest.raises(SourceError, match="no source gopher://; expected one of: rtsp, rtsps, srt"):
        make("gopher://cam/1")
