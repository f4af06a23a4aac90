"""Pictures cut to payloads, and the agreement on what is streamed."""

from guest.uvc_descriptors import FORMATS
from guest.uvc_stream import END_OF_FRAME, PROBE, Choice, Stream, kind_of, pack_probe, payloads, unpack_probe


def test_payloads_hold_the_picture_and_the_last_one_ends_it() -> None:
    picture = bytes(range(256)) * 10
    parts = list(payloads(picture, 1, most=1000))
    assert b"".join(part[2:] for part in parts) == picture
    assert [len(part) for part in parts] == [1000, 1000, 2560 - 2 * 998 + 2]
    assert [part[0] for part in parts] == [2, 2, 2]
    assert [bool(part[1] & END_OF_FRAME) for part in parts] == [False, False, True]
    assert {part[1] & 1 for part in parts} == {1}


def test_a_picture_that_just_fits_is_one_payload() -> None:
    (only,) = payloads(bytes(998), 0, most=1000)
    assert only[1] & END_OF_FRAME


def test_an_agreement_survives_the_wire() -> None:
    choice = Choice(1, 2, FORMATS[0].modes[1].intervals[2])
    assert len(pack_probe(choice)) == PROBE.size == 34
    assert unpack_probe(pack_probe(choice)) == choice


def test_what_does_not_exist_becomes_what_is_nearest() -> None:
    asked = PROBE.pack(1, 9, 9, 500_000, *[0] * 12)
    assert unpack_probe(asked) == Choice(2, 1, 1_000_000)
    assert kind_of(unpack_probe(asked))[0] == "YUYV"


def test_a_revision_1_0_host_sends_less_and_is_understood() -> None:
    assert unpack_probe(pack_probe(Choice(1, 2, 666_666))[:26]) == Choice(1, 2, 666_666)


def test_a_frame_comes_when_it_is_due_and_frames_alternate() -> None:
    stream = Stream(10.0)
    stream.tick(9.9, 0.1, lambda: b"early")
    assert stream.take() is None
    stream.tick(10.0, 0.1, lambda: b"first")
    first = stream.take()
    stream.tick(10.05, 0.1, lambda: b"early")
    assert stream.take() is None
    stream.tick(10.1, 0.1, lambda: b"second")
    second = stream.take()
    assert first is not None
    assert second is not None
    assert (first[2:], second[2:]) == (b"first", b"second")
    assert (first[1] ^ second[1]) & 1


def test_a_host_that_is_late_loses_a_frame_and_the_rate_goes_on_from_there() -> None:
    stream = Stream(10.0)
    stream.tick(10.0, 0.1, lambda: b"first")
    stream.tick(10.5, 0.1, lambda: b"lost")
    payload = stream.take()
    assert payload is not None
    assert payload[2:] == b"first"
    assert stream.take() is None
    assert stream.due_s == 10.5
