import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from av.packet import Packet
from children import join
from talking_head import Film

from vcam.deadline import NoAnswerError
from vcam.errors import LinkError
from vcam.frame import Frame, Size, black
from vcam.link import CODEC_NAMES, LinkProfile
from vcam.link.codec import Codec
from vcam.metrics import psnr

SIZE: Size = (320, 192)
BIT = 32  # side of the block that carries one bit of a frame's number: it outlives any quantiser


def numbered(frame: Frame) -> Frame:
    """The frame with its index written into its first blocks, 8 bits, black and white."""
    y = frame.y.copy()
    for bit in range(8):
        y[:BIT, bit * BIT : (bit + 1) * BIT] = 235 if frame.index >> bit & 1 else 16
    return Frame(y, frame.u, frame.v, frame.index, frame.captured_ns)


def read_number(frame: Frame) -> int:
    means = [frame.y[8:24, bit * BIT + 8 : bit * BIT + 24].mean() for bit in range(8)]
    return sum(1 << bit for bit, mean in enumerate(means) if mean > 125)


def open_codec(name: str, kbps: float = 300) -> Codec:
    return Codec(LinkProfile(codec=name, kbps=kbps), SIZE, kbps)


@pytest.mark.parametrize("name", CODEC_NAMES)
def test_frame_i_out_shows_frame_i(name: str, film: Film) -> None:
    codec = open_codec(name, kbps=500)  # a rate at which VP8 has no reason to skip
    for frame in film(60, SIZE):
        seen = codec.decode(codec.encode(numbered(frame)))
        assert seen is not None
        assert read_number(seen) == frame.index


@pytest.mark.parametrize("name", CODEC_NAMES)
def test_what_is_decoded_is_the_picture(name: str, film: Film) -> None:
    codec = open_codec(name, kbps=1000)
    frames = film(30, SIZE)
    seen = [codec.decode(codec.encode(frame)) for frame in frames][-1]
    assert seen is not None
    # 30 dB: what each of them reaches at 0.5 bit a pixel; another frame's picture has 24 dB
    assert psnr(seen.y, frames[-1].y) > 30
    assert psnr(seen.u, frames[-1].u) > 30
    assert psnr(seen.v, frames[-1].v) > 30


@pytest.mark.parametrize("name", CODEC_NAMES)
def test_there_are_no_periodic_keyframes(name: str, film: Film) -> None:
    codec = open_codec(name)
    frames = film(60, SIZE)
    # to and fro, so that no jump asks for a keyframe
    keyframes = [
        index
        for index in range(301)
        if any(packet.is_keyframe for packet in codec.encode(frames[59 - abs(59 - index % 118)]))
    ]
    assert keyframes == [0]


@pytest.mark.parametrize("name", CODEC_NAMES)
def test_a_keyframe_comes_when_it_is_asked_for(name: str, film: Film) -> None:
    codec = open_codec(name, kbps=500)
    keyframes = [
        frame.index
        for frame in film(30, SIZE)
        if any(packet.is_keyframe for packet in codec.encode(frame, wants_keyframe=frame.index == 20))
    ]
    assert keyframes == [0, 20]


@pytest.mark.parametrize("name", CODEC_NAMES)
def test_the_rate_follows_its_target(name: str, film: Film) -> None:
    codec = open_codec(name, kbps=160)  # near the ladder's bits a pixel: above, VP8 has no more to send
    frames = film(120, SIZE)
    sent = [sum(packet.size for packet in codec.encode(frame)) for frame in frames[:60]]
    codec.set_rate(40)
    sent += [sum(packet.size for packet in codec.encode(frame)) for frame in frames[60:]]
    before_kbps, after_kbps = (sum(part) * 8 / 1000 for part in (sent[30:60], sent[90:]))
    # 30%: SVT-AV1 is 25% off in a single second of so small a picture; over longer see test_link
    assert before_kbps == pytest.approx(160, rel=0.3)
    # a quarter of the rate within a second; half is the loosest that still shows that it was followed
    assert after_kbps < before_kbps / 2


@pytest.mark.parametrize("name", CODEC_NAMES)
def test_a_small_change_of_the_rate_costs_no_keyframe(name: str, film: Film) -> None:
    codec = open_codec(name)
    found = 0
    for frame in film(30, SIZE):
        codec.set_rate(300 + frame.index % 10)
        found += sum(packet.is_keyframe for packet in codec.encode(frame))
    assert found == 1


@pytest.mark.parametrize("name", ["h264", "vp9", "av1"])
def test_constant_quality_spends_more_on_more_detail(name: str, film: Film) -> None:
    def spend(frames: list[Frame]) -> int:
        codec = Codec(LinkProfile(codec=name, crf=32), SIZE, 500)
        return sum(packet.size for frame in frames for packet in codec.encode(frame))

    assert spend(film(20, SIZE)) > 3 * spend([black(SIZE)] * 20)


def test_an_encoder_that_hangs_is_replaced_by_one_that_begins_with_a_keyframe(
    film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = 1

    def hang(limit_s: float, name: str, call: Callable[[], list[Packet]]) -> list[Packet]:
        nonlocal hanging
        if hanging:
            hanging -= 1
            raise NoAnswerError(40.0, "no answer")
        return call()

    codec = open_codec("av1")
    first, second, third = film(3, SIZE)
    codec.decode(codec.encode(first))
    monkeypatch.setattr("vcam.link.codec.call_within", hang)
    packets = codec.encode(second)
    assert [packet.is_keyframe for packet in packets] == [True]
    assert codec.decode(packets) is not None
    assert not any(packet.is_keyframe for packet in codec.encode(third))
    hanging = 2
    with pytest.raises(LinkError, match=r"SVT-AV1 hangs: no frame within 40 s; choose another codec"):
        codec.encode(third)
    hanging = 1
    codec.close()


def test_an_encoder_that_hangs_is_left_to_its_thread(film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    may_return = threading.Event()
    left: list[threading.Thread] = []

    class Hanging:
        def encode(self, picture: object) -> list[Packet]:
            left.append(threading.current_thread())
            may_return.wait(60)
            return []

    codec = open_codec("av1")
    open_another = codec._open_encoder

    def reopen() -> object:
        monkeypatch.setattr("vcam.link.codec.HANG_S", 10.0)
        return open_another()

    monkeypatch.setattr("vcam.link.codec.HANG_S", 0.05)
    monkeypatch.setattr(codec, "_open_encoder", reopen)
    monkeypatch.setattr(codec, "_encoder", Hanging())
    first, second = film(2, SIZE)
    try:
        packets = [*codec.encode(first), *codec.encode(second)]
        assert [packet.is_keyframe for packet in packets] == [True, False]
        assert [thread.name.startswith("hangs: SVT-AV1") for thread in left] == [True]
        codec.close()
    finally:
        may_return.set()
    join(left)


def test_a_codec_that_cannot_be_opened_says_so_in_one_line() -> None:
    with pytest.raises(LinkError, match="cannot open libsvtav1 at 320x192") as caught:
        Codec(LinkProfile(codec="av1", crf=99), SIZE, 500)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", CODEC_NAMES)
def test_no_thread_becomes_real_time(name: str) -> None:
    codec = open_codec(name)  # as root, SVT-AV1 would have it so
    codec.encode(black(SIZE))
    policies = {
        int(task.name): os.sched_getscheduler(int(task.name)) for task in Path("/proc/self/task").iterdir()
    }
    assert set(policies.values()) == {os.SCHED_OTHER}


@pytest.mark.parametrize("name", CODEC_NAMES)
def test_the_same_frames_give_the_same_bytes(name: str, film: Film) -> None:
    def encode() -> list[bytes]:
        codec = open_codec(name)
        return [bytes(packet) for frame in film(20, SIZE) for packet in codec.encode(frame)]

    assert encode() == encode()


def test_the_number_survives_its_own_reading() -> None:
    frame = black(SIZE)
    numbers = [read_number(numbered(Frame(frame.y, frame.u, frame.v, index))) for index in (0, 1, 170, 255)]
    assert np.array_equal(numbers, [0, 1, 170, 255])
