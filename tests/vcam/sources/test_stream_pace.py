"""Streams that come in bursts, slowly or oddly. The servers are real; paced time is a manual clock's."""

from itertools import islice

import numpy as np
import pytest
from fake_http import FPS, SIZE, Handler, clip_server, picture_server, playlist_server, serving
from fake_rtsp import serving_rtsp
from manual_time import ManualTime

from vcam.errors import SourceError
from vcam.sources.stream import StreamSource


def test_a_finished_clip_over_http_takes_as_long_as_it_is() -> None:
    time = ManualTime()
    with serving(clip_server(20 * FPS)) as address:
        source = StreamSource(f"{address}/clip.mp4", loop=False, clock=time.clock, sleep=time.sleep)
        with source:
            frames = list(source)
    assert len(frames) == 20 * FPS
    assert np.diff([frame.captured_ns for frame in frames]) == pytest.approx(1e9 / FPS, rel=0.01)
    greys = [frame.y.mean() for frame in frames[:150]]
    assert greys == sorted(greys)  # B-frames are in order


def test_a_clip_that_is_to_be_shown_again_ends_with_an_error() -> None:
    time = ManualTime()
    with (
        serving(clip_server(5)) as address,
        StreamSource(f"{address}/clip.mp4", clock=time.clock, sleep=time.sleep) as source,
    ):
        assert len(list(islice(source, 5))) == 5
        with pytest.raises(SourceError, match="has ended"):
            next(source)


def test_a_live_playlist_of_long_segments_is_shown_steadily() -> None:
    time = ManualTime()
    with (
        serving(playlist_server(6, segment_s=1)) as address,
        StreamSource(f"{address}/live.m3u8", clock=time.clock, sleep=time.sleep) as source,
    ):
        frames = list(islice(source, 4 * FPS))
    assert [frame.size for frame in frames] == [SIZE] * 4 * FPS
    # one burst for each segment would be ten frames at once, and then a second without any
    assert np.diff([frame.captured_ns for frame in frames]) == pytest.approx(1e9 / FPS, rel=0.01)


def test_a_camera_slower_than_the_deadline_lives() -> None:
    with (
        serving(picture_server(interval_s=0.5)) as address,
        StreamSource(f"{address}/video", read_s=0.2) as source,  # 2.5 s and 1 s, five times as fast
    ):
        frames = list(islice(source, 13))
    assert [frame.index for frame in frames] == list(range(13))


def test_pictures_without_a_boundary_before_the_first_are_shown() -> None:
    with (
        serving(picture_server(interval_s=0.05, has_first_boundary=False)) as address,
        StreamSource(f"{address}/video") as source,
    ):
        frames = list(islice(source, 5))
    assert frames[0].size == SIZE
    assert frames[-1].y.mean() > frames[0].y.mean()


def test_a_page_of_words_is_not_taken_for_pictures() -> None:
    class Page(Handler):
        def do_GET(self) -> None:  # noqa: N802 (the base class's name)
            self.answer(b"<html>Log in first</html>" * 1000, "text/html")

    with (
        serving(Page) as address,
        pytest.raises(SourceError, match=r"cannot open .*Invalid data found"),
        StreamSource(f"{address}/video"),
    ):
        pass


def test_a_camera_that_refuses_tcp_is_asked_for_udp() -> None:
    with serving_rtsp(refuses_tcp=True) as url, StreamSource(url) as source:
        frames = list(islice(source, 8))
    assert frames[-1].y.mean() > frames[0].y.mean()


def test_a_camera_that_accepts_tcp_and_sends_nothing_by_it_is_asked_for_udp(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vcam.sources.connect.OPEN_S", 2.0)
    with serving_rtsp(sends_by_tcp=False) as url, StreamSource(url) as source:
        assert next(source).is_cut


def test_a_closed_stream_leaves_no_thread_and_an_open_one_has_a_few_packets() -> None:
    with serving(clip_server(2000)) as address:
        source = StreamSource(f"{address}/clip.mp4")
        with source:
            next(source)
            reader = source._reader
            assert reader is not None
        reader._thread.join(5)  # it closes the container
        assert not reader._thread.is_alive()
        with pytest.raises(ValueError, match="not open"):
            source._read()
