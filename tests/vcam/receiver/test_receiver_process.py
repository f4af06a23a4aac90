"""What the source makes of a process that is not as it should be; stand-ins are short programs."""

import io
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import vcam.receiver.__main__ as program
from vcam.address import WhipAddress, check_address, parse_whip
from vcam.camera.policy import AWAIT_S, AwaitSender, Health, KeepGoing
from vcam.commands.invitation import draw_code
from vcam.errors import SenderAwaitedError, SourceError
from vcam.frame import black
from vcam.sources import Receivers, WhipSource, make_source
from vcam.whip.secrets import forget_token, read_token
from vcam.wire import FRAME, HEADER, read_one, write_frame, write_word

ADDRESS = WhipAddress("127.0.0.1", 8443, "phone")
WIRE = "from vcam.wire import *; import sys;"
OPEN = f"{WIRE} write_word(sys.stdout.buffer, {{'open': {{'url': 'u', 'code': []}}}});"


def receivers_of(program: str, tmp_path: Path) -> Receivers:
    return Receivers(tmp_path / "phone", command=[sys.executable, "-c", program])


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("pass", "has ended"),
        ("print('hello, this is no header at all, but as long as one')", "neither frame nor word"),
        (f"{WIRE} write_word(sys.stdout.buffer, [1])", "neither frame nor word"),
        (
            f"{WIRE} write_word(sys.stdout.buffer, {{'open': {{}}}})",
            "sent a word that is not whole",
        ),
        (
            f"{WIRE} write_word(sys.stdout.buffer, {{'error': 'no x'}})",
            "no x",
        ),
    ],
)
def test_a_process_that_does_not_open_is_a_source_error(program: str, said: str, tmp_path: Path) -> None:
    with receivers_of(program, tmp_path) as receivers, pytest.raises(SourceError, match=said):
        WhipSource(ADDRESS, receivers).__enter__()


def test_while_nobody_sends_the_sender_is_awaited_by_the_same_process(tmp_path: Path) -> None:
    with receivers_of(f"{OPEN} sys.stdin.read()", tmp_path) as receivers:
        opened = receivers.take(ADDRESS)
        for _ in range(2):
            with pytest.raises(SenderAwaitedError, match="scan the panel's code"):
                WhipSource(ADDRESS, receivers, read_s=0.01).__enter__()
        assert receivers.take(ADDRESS) is opened
        assert receivers.take(WhipAddress("127.0.0.1", 8443, "other")) is not opened


def test_a_process_that_is_slow_to_start_keeps_nobody_from_ending_it(tmp_path: Path) -> None:
    with receivers_of("import sys; sys.stdin.read()", tmp_path) as receivers, ThreadPoolExecutor(1) as opener:
        opening = opener.submit(receivers.take, ADDRESS)
        while receivers._opening is None:
            assert not opening.done()
            time.sleep(0.001)
        receivers.end()
        with pytest.raises(SourceError, match="not wanted any more"):
            opening.result(30)


def test_a_phone_that_is_silent_is_another_matter(tmp_path: Path) -> None:
    program = f"{OPEN} write_word(sys.stdout.buffer, {{'sender': {{'address': 'x'}}}}); sys.stdin.read()"
    with receivers_of(program, tmp_path) as receivers:
        receiver = receivers.take(ADDRESS)
        with receiver._changed:
            assert receiver._changed.wait_for(lambda: receiver.sender, 60)
        with pytest.raises(SenderAwaitedError, match=r"sent no picture for 0\.01 s: check its page"):
            WhipSource(ADDRESS, receivers, read_s=0.01).__enter__()


def test_a_source_by_itself_ends_what_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    source = WhipSource(ADDRESS, read_s=0.01)
    source._receivers = receivers_of(f"{OPEN} sys.stdin.read()", tmp_path)
    with pytest.raises(SourceError, match="run it with sharpkd run or start"):
        source.__enter__()
    assert source._receivers.as_json()["is_on"] is False


def test_without_its_parts_the_process_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setitem(sys.modules, "aiortc", None)
    monkeypatch.setitem(sys.modules, "segno", None)
    for name in [name for name in sys.modules if name.startswith("vcam.receiver.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "argv", ["receiver", str(ADDRESS), str(tmp_path)])
    assert program.main() == 1
    found = read_one(io.BytesIO(capfdbinary.readouterr().out))
    assert found == {
        "error": "the parts for WebRTC are not installed; run: pip install 'sharpkd-camera[webrtc]'"
    }


# the wire


def test_what_is_written_is_read() -> None:
    stream = io.BytesIO()
    frame = black((32, 16))
    write_frame(stream, frame)
    write_word(stream, {"sender": {"address": "ü"}})
    stream.seek(0)
    found = read_one(stream)
    assert np.array_equal(found.y, frame.y)
    assert read_one(stream) == {"sender": {"address": "ü"}}
    assert read_one(stream) is None


@pytest.mark.parametrize("cut", [1, HEADER.size, HEADER.size + 5])
def test_half_a_frame_is_the_end(cut: int) -> None:
    stream = io.BytesIO()
    write_frame(stream, black((32, 16)))
    assert read_one(io.BytesIO(stream.getvalue()[:cut])) is None


def test_a_frame_of_another_length_is_refused() -> None:
    head = HEADER.pack(FRAME, 0, 32, 16, 0, 0, 5)
    with pytest.raises(SourceError, match="neither frame nor word"):
        read_one(io.BytesIO(head + b"12345"))
    assert struct.calcsize(HEADER.format) == HEADER.size


# addresses, tokens, policies


def test_a_whip_address_is_read() -> None:
    assert parse_whip("WHIP://localhost:8443/phone/") == ADDRESS
    assert str(ADDRESS) == "whip://127.0.0.1:8443/phone"
    assert ADDRESS.is_loopback
    assert not parse_whip("whip://0.0.0.0:8443/phone").is_loopback
    source = make_source(str(ADDRESS), size=(64, 48), fps=10)
    assert isinstance(source, WhipSource)
    assert source.name == "whip://127.0.0.1:8443"


@pytest.mark.parametrize(
    "spec",
    [
        *(
            "whip://",
            "whip://phone",
            "whip://127.0.0.1/phone",
            "whip://127.0.0.1:99999/phone",
            "whip://[::1]:1/a",
        ),
        *(
            "whip://127.0.0.1:8443",
            "whip://127.0.0.1:8443/a/b",
            "whip://127.0.0.1:8443/a%20b",
            "whip://h:1/a",
        ),
        *("whip://joe:secret@127.0.0.1:8443/phone", "whip://127.0.0.1:8443/phone?token=secret"),
    ],
)
def test_another_address_is_refused_with_the_form_and_without_what_was_in_it(spec: str) -> None:
    with pytest.raises(SourceError, match="expected whip://ADDRESS:PORT/NAME") as refusal:
        check_address(spec)
    assert "secret" not in str(refusal.value)


def test_a_token_stays_until_it_is_forgotten(tmp_path: Path) -> None:
    folder = tmp_path / "phone"
    token = read_token(folder)
    assert len(token) >= 20
    assert read_token(folder) == token
    assert (folder / "token").stat().st_mode & 0o777 == 0o600
    forget_token(folder)
    assert read_token(folder) != token


def test_who_is_awaited_is_asked_for_again_soon() -> None:
    awaited, gone = SenderAwaitedError("nobody"), SourceError("unplugged")
    assert AwaitSender().source_failed(awaited, 9) == AWAIT_S
    assert AwaitSender().source_failed(gone, 1) is None
    patient = KeepGoing(Health(), lambda cause: None, lambda name: [])
    assert patient.source_failed(awaited, 9) == AWAIT_S
    assert patient.source_failed(gone, 9) > 5


def test_a_code_in_a_terminal_has_two_rows_in_a_line() -> None:
    assert list(draw_code(["01", "11", "00"])) == ["\u2580 ", "\u2588\u2588"]
    assert list(draw_code([])) == []
