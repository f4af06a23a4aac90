import numpy as np
import pytest
from talking_head import Film

from distill.evaluate.calls import ENCODERS, RATES, Call, all_calls, send
from vcam.frame import Frame, Size, resize
from vcam.link import check_profile
from vcam.metrics import psnr

SIZE: Size = (320, 192)
COUNT, FIRST = 24, 8


def grainy(frames: list[Frame]) -> list[Frame]:
    """What no encoder can predict."""
    rng = np.random.default_rng(0)
    return [
        Frame(
            np.clip(frame.y + rng.normal(0, 12, frame.y.shape), 16, 235).astype(np.uint8),
            *(frame.u, frame.v, frame.index, frame.captured_ns),
        )
        for frame in frames
    ]


@pytest.mark.parametrize("codec", ENCODERS)
def test_what_arrives_is_the_call_of_the_size_sent_and_more_like_it_at_more_bits(
    codec: str, film: Film
) -> None:
    frames = grainy(film(COUNT, SIZE))
    found = []
    for kbps in (60, 600):
        call = Call(codec, 144, kbps)
        arrived, sent = send(frames, call, FIRST)
        assert len(arrived) == COUNT
        assert {frame.size for frame in arrived} == {call.size(SIZE)} == {(240, 144)}
        sharp = resize(frames[-1], call.size(SIZE)).y
        found.append((sent, psnr(arrived[-1].y, sharp)))
    assert found[0][0] < found[1][0]
    assert found[0][1] < found[1][1] - 1


def test_a_constant_bitrate_is_kept_where_there_is_enough_to_send(film: Film) -> None:
    frames = grainy(film(60, SIZE))
    _, kbps = send(frames, Call("h264", 192, 400), 12)
    # 15%: two seconds of a buffer of half a second
    assert kbps == pytest.approx(400, rel=0.15)


def test_the_first_keyframe_is_not_counted(film: Film) -> None:
    still = [film(1, SIZE)[0]] * COUNT
    frames = [Frame(f.y, f.u, f.v, i, i * 33_333_333) for i, f in enumerate(still)]
    call = Call("h264", 192, 1000)
    assert send(frames, call, FIRST)[1] < 0.75 * send(frames, call, 0)[1]


def test_a_camera_smaller_than_the_call_is_sent_as_it_is() -> None:
    assert Call("vp8", 360, 300).size((320, 192)) == (320, 192)
    assert Call("vp8", 360, 300).size((1280, 720)) == (640, 360)
    assert Call("vp8", 360, 300).size((524, 524)) == (360, 360)


def test_every_call_is_a_link_that_can_be_opened() -> None:
    calls = all_calls()
    assert len(calls) == len({call.name for call in calls}) == 3 * sum(map(len, RATES.values()))
    for call in calls:
        check_profile(call.profile)


def test_rates_that_are_named_leave_those_alone() -> None:
    assert all_calls(["h264"], [500, 1000]) == [
        Call("h264", 720, 500),
        Call("h264", 720, 1000),
        Call("h264", 360, 500),
    ]
