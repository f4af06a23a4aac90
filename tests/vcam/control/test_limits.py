"""The sockets under strangers: real connections, and limits made short."""

import ctypes
import logging
import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path

import httpx
import numpy as np
import pytest
from fake_ends import PATIENCE_S, wait_for
from test_control_api import FakeCamera

from vcam.control.app import make_app
from vcam.control.client import ControlClient
from vcam.control.limits import MOST_UNREAD, PageProtocol
from vcam.control.server import TURN_S, ControlServer, Listener, listen_unix
from vcam.conversion.opencv import from_bgr
from vcam.frame import Frame
from vcam.page.page import Page, open_page
from vcam.pipeline import Result

SIZE = (1920, 1080)


class Noisy(FakeCamera):
    """A camera whose pictures are large, as no JPEG makes noise small."""

    def look(self) -> Result:
        return Result(NOISE, NOISE)


NOISE: Frame = from_bgr(np.random.default_rng(1).integers(0, 256, (*SIZE[::-1], 3), np.uint8))


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("LOOK_S", 0.05), ("IDLE_S", 0.4), ("UNREAD_S", 0.4)):
        monkeypatch.setattr(f"vcam.control.limits.{name}", seconds)


@pytest.fixture
def page() -> Page:
    return open_page(Noisy(), partial(make_app, Noisy(), is_public=True))


@pytest.fixture
def served(page: Page, tmp_path: Path) -> Iterator[ControlServer]:
    """The page, and a control socket beside it."""
    unix = Listener(listen_unix(tmp_path / "control.sock"), make_app(FakeCamera()))
    with ControlServer([unix, page.listener]) as server:
        yield server


def connect(page: Page) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port_of(page)), timeout=PATIENCE_S)


def port_of(page: Page) -> int:
    return int(page.address.rpartition(":")[2].rstrip("/"))


def is_dropped(stranger: socket.socket) -> bool:
    try:
        return stranger.recv(1) == b""
    except ConnectionResetError:
        return True


def look_at(page: Page, path: str = "status.json") -> int:
    headers = {"Authorization": f"Bearer {page.token}"}
    return httpx.get(f"{page.address}{path}", headers=headers, timeout=PATIENCE_S).status_code


def crowd(page: Page, count: int, stack: ExitStack) -> list[socket.socket]:
    return [stack.enter_context(closing(connect(page))) for _ in range(count)]


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_idle_strangers_stop_neither_commands_nor_the_page(
    page: Page, served: ControlServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))  # the strangers are in this process
    before = open_files()
    try:
        with ExitStack() as stack:
            strangers = crowd(page, 1100, stack)
            # each stranger is a descriptor here, and the daemon's side of few is one more
            wait_for(
                lambda: open_files() - before - len(strangers) <= PageProtocol.most + PageProtocol.backlog
            )
            client = ControlClient(tmp_path / "control.sock", PATIENCE_S)
            # how long it takes is measured by `bench.strangers`
            assert client.status()["state"] == "running"
            assert client.command(pause=True)["state"] == "paused"
            assert look_at(page) == 200
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert caplog.records == []


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n"])
@pytest.mark.usefixtures("short", "served")
def test_a_header_is_not_waited_for(page: Page, sent: bytes) -> None:
    with connect(page) as stranger:
        stranger.sendall(sent)
        assert is_dropped(stranger)


@pytest.mark.usefixtures("short", "served")
def test_a_header_that_drips_is_not_waited_for(page: Page) -> None:
    with connect(page) as stranger, pytest.raises(ConnectionError):
        drip(stranger)


def drip(stranger: socket.socket) -> None:
    stranger.sendall(b"GET / HTTP/1.1\r\n")
    for number in range(1000):
        stranger.sendall(b"x%d: 1\r\n" % number)
        time.sleep(0.02)


@pytest.mark.usefixtures("served")
def test_whoever_has_shown_a_key_keeps_the_place(page: Page) -> None:
    with httpx.Client(headers={"Authorization": f"Bearer {page.token}"}, timeout=PATIENCE_S) as browser:
        assert browser.get(f"{page.address}status.json").status_code == 200
        (connection,) = browser._transport._pool.connections  # type: ignore[attr-defined]
        with ExitStack() as stack:
            crowd(page, PageProtocol.most + 50, stack)
            assert browser.get(f"{page.address}status.json").status_code == 200
        assert browser._transport._pool.connections == [connection]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        b"GET /\x1b[2J%0aERROR HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"x" * 200_000 + b"\r\n\r\n",
    ],
)
@pytest.mark.usefixtures("served")
def test_nothing_that_a_stranger_sends_is_logged(
    page: Page, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(3):
        # what is too long is not read to its end
        with connect(page) as stranger, suppress(ConnectionError):
            stranger.sendall(sent)
            stranger.recv(1000)
    assert look_at(page) == 200
    assert [record for record in caplog.records if record.name != "httpx"] == []


def ask_for_pictures(page: Page, client: socket.socket, count: int) -> None:
    request = (
        f"GET /pair.jpg?width=1920&quality=100 HTTP/1.1\r\nHost: 127.0.0.1:{port_of(page)}\r\n"
        f"Authorization: Bearer {page.token}\r\n\r\n"
    )
    client.sendall(request.encode() * count)


@pytest.mark.usefixtures("short", "served")
def test_a_client_that_does_not_read_is_dropped(page: Page) -> None:
    with connect(page) as dead:
        ask_for_pictures(page, dead, 20)
        wait_for(lambda: peer_is_gone(dead))
        assert look_at(page, "pair.jpg") == 200


def served_threads() -> Iterator[threading.Thread]:
    return (thread for thread in threading.enumerate() if thread.name == "control")


def peer_is_gone(client: socket.socket) -> bool:
    """Whether the other side has ended, though it was not read from."""
    return client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != TCP_ESTABLISHED


TCP_ESTABLISHED = 1


@pytest.mark.usefixtures("served")
def test_few_clients_that_do_not_read_hold_pictures(page: Page) -> None:
    with ExitStack() as stack:
        dead = crowd(page, MOST_UNREAD + 4, stack)
        for client in dead:
            ask_for_pictures(page, client, 4)
        wait_for(lambda: sum(map(peer_is_gone, dead)) >= 4)
        wait_for(lambda: look_at(page, "pair.jpg") == 200)  # 503 while the last of them is encoded


def test_a_control_thread_that_is_killed_is_started_again(
    served: ControlServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = ControlClient(tmp_path / "control.sock")
    for thread in served_threads():
        assert thread.ident is not None
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))
    wait_for(lambda: "starting it again" in caplog.text)

    def answers() -> bool:
        try:
            return bool(client.status())
        except Exception:  # while there is none, whatever that looks like to a client
            return False

    wait_for(answers)
    wait_for(lambda: served.silence_s < TURN_S / 2)


def test_a_control_thread_that_hangs_is_told_by_its_silence(served: ControlServer) -> None:
    may_go_on = threading.Event()
    service = served._services[0]
    assert service._server is not None
    loop = service._server.servers[0].get_loop()
    loop.call_soon_threadsafe(may_go_on.wait)
    try:
        wait_for(lambda: served.silence_s > 1.4 * TURN_S)
    finally:
        may_go_on.set()
    wait_for(lambda: served.silence_s < TURN_S)
