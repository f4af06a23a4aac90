"""These use real streams on loopback, so real time passes: about a second each."""

import time
from itertools import islice
from pathlib import Path

import av
import pytest
from fake_rtsp import serving_rtsp
from fake_sender import FPS, SIZE, free_port, sending, serving, write_sdp
from manual_time import ManualTime

from vcam.errors import SourceError
from vcam.frame import Frame
from vcam.sources.stream import StreamSource


def drain(source: StreamSource, limit_s: float = 5.0) -> float:
    """Read until the source raises SourceError; returns how long that took in seconds."""
    begin_s = time.monotonic()
    while time.monotonic() < begin_s + limit_s:
        try:
            next(source)
        except SourceError:
            return time.monotonic() - begin_s
    raise AssertionError(f"the source still delivers after {limit_s} s")


def assert_live(frames: list[Frame]) -> None:
    """Frames in order, each lighter than the one before."""
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert [frame.is_cut for frame in frames] == [True] + [False] * (len(frames) - 1)
    assert frames[0].size == SIZE
    assert frames[-1].y.mean() > frames[0].y.mean()


def test_udp() -> None:
    url = f"udp://127.0.0.1:{free_port()}"
    with sending(f"{url}?pkt_size=1316"), StreamSource(url) as source:
        assert source.size == SIZE
        assert source.fps == FPS
        assert_live(list(islice(source, 8)))


def test_rtp_by_its_sdp_file(tmp_path: Path) -> None:
    port = free_port()
    sdp = write_sdp(tmp_path / "call.sdp", port)
    with sending(f"rtp://127.0.0.1:{port}", "rtp_mpegts"), StreamSource(str(sdp)) as source:
        assert_live(list(islice(source, 8)))


def test_rtsp() -> None:
    with serving_rtsp() as url, StreamSource(url) as source:
        assert_live(list(islice(source, 8)))


def test_a_protocol_that_ffmpeg_lacks_is_named_with_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise av.error.ProtocolNotFoundError(1, "Protocol not found")

    monkeypatch.setattr(av, "open", refuse)
    with (
        pytest.raises(SourceError, match="built without srt; send by rtsp, udp or http"),
        StreamSource("srt://127.0.0.1:9000"),
    ):
        pass


def test_http_that_ends_is_an_error_and_no_end() -> None:
    with serving() as (address, stop), StreamSource(f"{address}/live.ts") as source:
        assert_live(list(islice(source, 10)))
        stop.set()
        with pytest.raises(SourceError, match=r"has ended|broke off"):
            for _ in source:
                pass


@pytest.mark.slow
def test_a_sender_that_dies_is_noticed_in_two_seconds() -> None:
    url = f"udp://127.0.0.1:{free_port()}"
    with sending(f"{url}?pkt_size=1316") as stop, StreamSource(url) as source:
        list(islice(source, 3))
        stop.set()
        assert drain(source) > 1.5


def test_a_server_that_keeps_silent_is_noticed() -> None:
    with serving() as (address, stop), StreamSource(f"{address}/stall.ts", read_s=0.3) as source:
        list(islice(source, 3))
        stop.set()
        assert drain(source) < 2.0  # the default deadline: it was this one's, however busy the machine


def test_the_delay_does_not_grow_while_nobody_reads() -> None:
    url = f"udp://127.0.0.1:{free_port()}"
    with sending(f"{url}?pkt_size=1316"), StreamSource(url) as source:
        next(source)
        time.sleep(0.7)
        begin_s = time.monotonic()
        list(islice(source, 18))
        # what came meanwhile is decoded at once; at the sender's rate 18 frames would take 0.6 s
        assert time.monotonic() - begin_s < 0.4


def test_packets_without_a_picture_are_an_error_in_time() -> None:
    clock = ManualTime()
    with serving() as (address, _), StreamSource(f"{address}/live.ts", clock=clock.clock) as source:
        next(source)
        source._decode = lambda packet: clock.sleep(0.3) or []  # type: ignore[method-assign, func-returns-value]
        source._pictures.clear()
        with pytest.raises(SourceError, match="sent no picture that can be decoded for 10 s"):
            next(source)


def test_a_refused_connection_is_named_with_a_remedy() -> None:
    url = f"http://127.0.0.1:{free_port()}/live.ts"
    with pytest.raises(SourceError, match=r"Connection refused.*that the sender runs"), StreamSource(url):
        pass


def test_a_missing_page_is_named() -> None:
    with (
        serving() as (address, _),
        pytest.raises(SourceError, match="404 Not Found"),
        StreamSource(f"{address}/gone.ts"),
    ):
        pass


def test_a_silent_address_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vcam.sources.connect.OPEN_S", 0.2)
    url = f"udp://127.0.0.1:{free_port()}"
    with (
        pytest.raises(SourceError, match=r"127\.0\.0\.1:\d+ did not answer within 0\.2 s"),
        StreamSource(url),
    ):
        pass


def test_its_name_is_public() -> None:
    assert StreamSource("rtsp://joe:secret@cam:554/live?token=abc").name == "rtsp://cam:554"
