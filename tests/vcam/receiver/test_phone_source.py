"""A phone's picture on its whole way: HTTPS, WebRTC, a process of its own, the source."""

import itertools
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("aiortc", reason="no aiortc; run: pip install 'sharpkd-camera[webrtc]'")

from phone import Phone

from vcam.address import WhipAddress
from vcam.errors import SenderAwaitedError, SourceError
from vcam.frame import Frame
from vcam.receiver.service import code_of, listen
from vcam.sources import Receivers, WhipSource
from vcam.sources.receiver import Receiver

PATIENCE_S = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def address() -> WhipAddress:
    return WhipAddress("127.0.0.1", free_port(), "phone")


@pytest.fixture(scope="module")
def receivers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receivers]:
    with Receivers(tmp_path_factory.mktemp("state") / "phone") as receivers:
        yield receivers


@pytest.fixture
def phone(receivers: Receivers, address: WhipAddress) -> Iterator[Phone]:
    receiver = receivers.take(address)
    with Phone(receiver.url) as phone:
        yield phone
    until(lambda: receiver.sender is None)


def until(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not claim():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def opened(address: WhipAddress, receivers: Receivers) -> WhipSource:
    """The source, once it could be opened: as the daemon does, asked again and again."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return WhipSource(address, receivers).__enter__()
        except SenderAwaitedError:
            assert time.monotonic() < deadline


def answers(address: WhipAddress) -> bool:
    try:
        socket.create_connection((address.host, address.port)).close()
    except ConnectionError:
        return False
    return True


def take(source: WhipSource, count: int) -> list[Frame]:
    return list(itertools.islice(source, count))


def test_a_phone_that_sends_is_a_source(phone: Phone, receivers: Receivers, address: WhipAddress) -> None:
    assert phone.start().status_code == 201
    with opened(address, receivers) as source:
        frames = take(source, 20)
        now_ns = time.monotonic_ns()
    assert source.size == (320, 240)
    assert [frame.is_cut for frame in frames] == [True] + [False] * 19
    means = [plane.mean() for plane in (frames[-1].y, frames[-1].u, frames[-1].v)]
    assert means == pytest.approx(phone.picture.yuv, abs=4)  # VP8 at a low rate
    times = [frame.captured_ns for frame in frames]
    assert times == sorted(times)
    assert 0 <= now_ns - times[-1] < 2e9
    receiver = receivers.take(address)
    assert receiver.sender is not None
    assert receiver.sender["address"] == "127.0.0.1"


def test_a_phone_that_hides_its_addresses_is_a_source_too(
    phone: Phone, receivers: Receivers, address: WhipAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Firefox does behind names that only it resolves."""
    offer = phone.offer
    hide = re.compile(r"^(a=candidate:.*) 127\.0\.0\.1 ", re.MULTILINE)
    hidden: list[int] = []

    def hidden_offer() -> str:
        text, count = hide.subn(r"\1 9ffe7577-413f-4bc0-a8c0-08a6b625a307.local ", offer())
        hidden.append(count)
        return text

    monkeypatch.setattr(phone, "offer", hidden_offer)
    assert phone.start().status_code == 201
    with opened(address, receivers) as source:
        assert len(take(source, 3)) == 3
    assert hidden == [1]


def test_a_phone_that_stops_is_awaited_and_comes_back_as_a_cut(
    phone: Phone, receivers: Receivers, address: WhipAddress
) -> None:
    phone.start()
    with opened(address, receivers) as source:
        take(source, 3)
        assert phone.stop().status_code == 200
        with pytest.raises(SenderAwaitedError, match="no phone sends a picture: scan the panel's code"):
            take(source, 100)
    phone.start()
    with opened(address, receivers) as source:
        assert take(source, 1)[0].is_cut


def test_a_phone_that_is_turned_changes_its_size_at_a_cut(
    phone: Phone, receivers: Receivers, address: WhipAddress
) -> None:
    phone.start()
    with opened(address, receivers) as source:
        take(source, 3)
        phone.picture.size = (240, 320)
        frame = next(frame for frame in source if frame.size == (240, 320))
        assert frame.is_cut
        assert not next(source).is_cut


def test_the_answer_leaves_turning_and_sound_to_the_phone(phone: Phone) -> None:
    phone.start()
    assert "video-orientation" not in phone.answer  # so that the sender turns the picture itself
    assert "a=recvonly" in phone.answer
    assert "127.0.0.1" in phone.answer
    candidates = [line for line in phone.answer.splitlines() if line.startswith("a=candidate")]
    assert candidates
    assert all(" 127.0.0.1 " in line for line in candidates)  # nothing listens to the network


def test_one_phone_at_a_time(phone: Phone, receivers: Receivers, address: WhipAddress) -> None:
    phone.start()
    with opened(address, receivers) as source, Phone(receivers.take(address).url) as other:
        take(source, 1)
        refusal = other.start()
        assert refusal.status_code == 409
        assert refusal.text == "another phone is sending already; stop it there first"
        take(source, 3)
        phone.stop()
        assert other.start().status_code == 201


def test_wrong_requests_are_answered_in_words(phone: Phone) -> None:
    sdp = {"Content-Type": "application/sdp"}
    offer = phone.offer()
    with phone.http() as http:
        cases = {
            "no token": (http.post("/phone", content=offer, headers=sdp | {"Authorization": ""}), 401),
            "wrong": (
                http.post("/phone", content=offer, headers=sdp | {"Authorization": b"Bearer \xff"}),
                401,
            ),
            "type": (http.post("/phone", content=offer), 415),
            "no offer": (http.post("/phone", content="hello", headers=sdp), 400),
            "empty": (http.post("/phone", content="", headers=sdp), 400),
            "no picture": (
                http.post("/phone", content=offer.replace("sendonly", "recvonly"), headers=sdp),
                400,
            ),
            "data": (http.post("/phone", content=offer + DATA, headers=sdp), 400),
            "no codec": (http.post("/phone", content=_without_codecs(offer), headers=sdp), 400),
            "long": (http.post("/phone", content="v" * 70_000, headers=sdp), 413),
            "bytes": (http.post("/phone", content=b"\xff\xfe", headers=sdp), 413),
            "get": (http.get("/phone"), 405),
            "patch": (http.patch("/phone/x", content="a"), 405),
            "no session": (http.delete("/phone/x"), 404),
            "elsewhere": (http.get("/../etc/passwd"), 404),
        }
        found = {name: (answer.status_code, len(answer.text) > 20) for name, (answer, _) in cases.items()}
        assert found == {name: (status, True) for name, (_, status) in cases.items()}
        assert "www-authenticate" in cases["no token"][0].headers
        assert set(cases["get"][0].headers["allow"].split(", ")) == {"POST", "OPTIONS"}
        options = http.options("/phone")
        assert (options.status_code, options.headers["accept-post"]) == (204, "application/sdp")
        assert "access-control-allow-origin" not in options.headers


DATA = (
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:9\r\na=sctp-port:5000\r\n"
)


def _without_codecs(offer: str) -> str:
    return offer.replace("VP8", "VP7").replace("H264", "H261")


def test_the_page_is_there_for_everybody_and_holds_no_secret(phone: Phone) -> None:
    with phone.http() as http:
        page = http.get("/", headers={"Authorization": ""})
        script = http.get("/phone.js")
    assert page.status_code == script.status_code == 200
    assert phone.token not in page.text + script.text
    assert "default-src 'self'" in page.headers["content-security-policy"]


def test_the_code_leads_to_the_page(receivers: Receivers, address: WhipAddress) -> None:
    receiver = receivers.take(address)
    assert receiver.code == code_of(receiver.url)
    assert receivers.as_json()["url"] == receiver.url
    # OpenCV does not find every code that phones do
    url = "https://192.168.1.7:8443/#phone=O1KMMqiJnmEF2dqiZjtwng"
    dark = np.array([[int(sign) for sign in row] for row in code_of(url)], np.uint8)
    picture = np.kron(255 * (1 - dark), np.ones((8, 8), np.uint8)).astype(np.uint8)
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(picture)
    assert text == url


def test_certificate_and_token_are_for_their_user_alone(receivers: Receivers, address: WhipAddress) -> None:
    receivers.take(address)
    modes = {path.name: path.stat().st_mode & 0o777 for path in receivers.folder.iterdir()}
    assert modes == {"certificate.pem": 0o600, "token": 0o600}
    assert receivers.folder.stat().st_mode & 0o777 == 0o700


def test_a_port_that_is_taken_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = WhipAddress("127.0.0.1", taken.getsockname()[1], "phone")
        with pytest.raises(
            SourceError, match=r"cannot listen at 127.0.0.1:\d+: Address already in use; name"
        ):
            listen(address)


def test_an_address_of_another_machine_is_said() -> None:
    with pytest.raises(SourceError, match="and an address of this machine"):
        listen(WhipAddress("192.0.2.77", 8443, "phone"))


def test_a_process_that_dies_is_started_again_with_the_same_code(
    phone: Phone, receivers: Receivers, address: WhipAddress
) -> None:
    phone.start()
    with opened(address, receivers) as source:
        take(source, 1)
        before = receivers.take(address)
        os.kill(pid_of(before), signal.SIGKILL)
        with pytest.raises(SourceError, match="the process for WebRTC has ended"):
            take(source, 1000)
    phone.vanish()
    assert receivers.take(address).url == before.url
    phone.start()
    with opened(address, receivers) as source:
        assert take(source, 1)[0].is_cut


def pid_of(receiver: Receiver) -> int:
    assert receiver._process is not None
    return receiver._process.pid


def test_it_ends_when_nobody_takes_pictures_and_its_code_when_another_source_is_chosen(
    tmp_path: Path,
) -> None:
    address = WhipAddress("127.0.0.1", free_port(), "phone")
    with Receivers(tmp_path / "phone", rest_s=0.1) as receivers:
        receivers.take(address)
        receivers.rest()
        until(lambda: not answers(address))
        assert receivers.as_json()["is_on"] is False
        assert (tmp_path / "phone/token").exists()
        receivers.end()
        assert not (tmp_path / "phone/token").exists()
