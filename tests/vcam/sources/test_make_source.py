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


@pytest.mark.parametrize(
    "url",
    [
        "file:///clips/a%20b.mp4",
        "file://localhost/clips/a%20b.mp4",
        "FILE:///clips/a b.mp4",
        "file:/clips/a%20b.mp4",
    ],
)
def test_a_file_url_is_a_file(url: str) -> None:
    source = make(url)
    assert isinstance(source, FileSource)
    assert source.path == Path("/clips/a b.mp4")


def test_a_file_of_another_machine_is_refused() -> None:
    with pytest.raises(SourceError, match="of another machine; write the path"):
        make("file://nas/clips/a.mp4")


def test_the_scheme_of_a_stream_may_be_in_capitals() -> None:
    source = make("RTSP://Cam/Live")
    assert isinstance(source, StreamSource)
    assert source.url == "rtsp://Cam/Live"


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1",
        "rtsp://admin:p[ss@cam/x",
        "rtsp://admin:p/ss@cam/x",
        "rtsp://admin:p#ss@cam/x",
        "rtsp://admin:p?ss@cam/x",
        "rtsp://admin:p\u2105ss@cam/x",
        "rtsp://cam:99999/x",
    ],
)
def test_an_address_that_cannot_be_taken_apart_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(SourceError, match=r"not a valid URL; .* \[ as %5B") as caught:
        make(url)
    assert "ss" not in str(caught.value).replace("password", "").replace("address", "")


def test_a_name_that_is_too_long_for_a_file_is_no_crash() -> None:
    assert isinstance(make("a" * 300), WebcamSource)
    assert isinstance(make("a\0b"), FileSource)


@pytest.mark.parametrize(
    "spec",
    [
        "rtsp://cam/1",
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
