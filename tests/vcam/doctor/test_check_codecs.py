import pytest

from vcam.doctor.case import OK, PROBLEM
from vcam.doctor.libraries import check_codecs, has_codec, has_protocol


def test_this_build_has_what_is_needed() -> None:
    assert [finding.level for finding in check_codecs()] == [OK, OK]


def test_a_missing_encoder_is_a_problem() -> None:
    codecs, streams = check_codecs(lambda name, mode: name != "libvpx", lambda name: True)
    assert (codecs.level, "PyAV lacks libvpx, which" in codecs.message) == (PROBLEM, True)
    assert "pip install --force-reinstall" in codecs.fix
    assert streams.message == "streams: rtsp can be read, srt can be read"


def test_a_missing_protocol_is_only_said() -> None:
    _, streams = check_codecs(lambda name, mode: True, lambda name: name == "rtsp")
    assert (streams.level, streams.message) == (OK, "streams: rtsp can be read, srt cannot be read")


@pytest.mark.parametrize("name", ["libx264", "nonsense"])
def test_an_encoder_is_no_decoder(name: str) -> None:
    assert not has_codec(name, "r")


def test_protocols_are_asked_of_the_build() -> None:
    assert has_protocol("rtsp")
    assert not has_protocol("nonsense")
