import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import httpx
import pytest
from fake_ends import PATIENCE_S, wait_for

from vcam.control.app import make_app
from vcam.control.client import ControlClient, _UnixConnection
from vcam.control.server import ControlServer, Listener, listen_tcp, listen_unix
from vcam.control.status import Command, Facts, Status
from vcam.errors import ConfigError, NotRunningError, VcamError
from vcam.frame import Frame, black
from vcam.meter import Percentiles
from vcam.page.page import Page, open_page
from vcam.page.routes import page_routes
from vcam.page.sessions import MOST
from vcam.pipeline import Result

STATUS = Status(
    state="running",
    provider="CPUExecutionProvider",
    model="still (int8)",
    source="pattern",
    sink="null",
    size=(640, 360),
    strength=1.0,
    crispness=None,
    denoise=None,
    unchanged=0.0,
    link=None,
    link_profiles=("360p",),
    fps=30.0,
    sent=90,
    fresh=88,
    age_ms=Percentiles(40, 50, 60),
    stage_ms={"restore": Percentiles(9, 10, 11)},
    drops={"busy": 2},
    kbps=None,
    audio_delay_ms=40,
    warm_up_ms=9.0,
    uptime_s=3.0,
    pid=1234,
    version="0.1.0",
    hint="",
)


@dataclass
class FakeCamera:
    """Notes what it is asked; refuses a strength of 2."""

    commands: list[Command] = field(default_factory=list)
    looks: int = 0
    state: str = "running"
    bug: Exception | None = None
    may_set: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.may_set.set()

    def status(self) -> Status:
        return replace(STATUS, state="paused" if any(c.pause for c in self.commands) else self.state)

    def do(self, command: Command) -> None:
        if self.bug:
            raise self.bug
        if command.set:
            assert self.may_set.wait(6 * PATIENCE_S)
        if command.set.get("strength") == "2":
            raise ConfigError("strength = 2 is out of range; expected 0..1")
        self.commands.append(command)

    def facts(self) -> Facts:
        return {
            "devices": lambda: {
                "cameras": [{"name": "C920", "controls": [{"name": "gain", "menu": {1: "/home/joe/one"}}]}]
            },
            "settings": lambda: {
                "settings": [{"value": "/home/joe/me.png"}],
                "file": "/home/joe/x.toml",
            },
        }

    def look(self) -> Result | None:
        self.looks += 1
        return None

    def placeholder(self) -> Frame:
        return black((640, 360))


@pytest.fixture
def camera() -> FakeCamera:
    return FakeCamera()


@pytest.fixture
def client(camera: FakeCamera, tmp_path: Path) -> Iterator[ControlClient]:
    path = tmp_path / "control.sock"
    with ControlServer([Listener(listen_unix(path), make_app(camera, page_routes(camera)))]):
        yield ControlClient(path, PATIENCE_S)


def test_the_status_arrives_as_it_was_made(client: ControlClient) -> None:
    status = client.status()
    assert status["state"] == "running"
    assert status["size"] == [640, 360]
    assert status["age_ms"] == {"p50": 40, "p95": 50, "p99": 60}
    assert set(status) == set(STATUS.as_json())


def test_a_command_is_carried_out_and_answered_with_the_status(
    client: ControlClient, camera: FakeCamera
) -> None:
    assert client.command(pause=True)["state"] == "paused"
    client.command(set={"strength": 0.5, "link": "270p", "require_gpu": False})
    assert [command.pause for command in camera.commands] == [True, False]
    assert camera.commands[1].set == {"strength": 0.5, "link": "270p", "require_gpu": False}


def test_a_refusal_keeps_its_words_and_its_exit_code(client: ControlClient) -> None:
    with pytest.raises(VcamError, match=r"^strength = 2 is out of range; expected 0\.\.1$") as caught:
        client.command(set={"strength": "2"})
    assert caught.value.exit_code == ConfigError.exit_code


@pytest.mark.parametrize("command", [{"sett": {}}, {"pause": "yes"}, {"set": {"strength": [1]}}])
def test_a_malformed_command_is_refused(
    client: ControlClient, camera: FakeCamera, command: dict[str, object]
) -> None:
    with pytest.raises(VcamError, match=r"malformed at (sett|pause|set\.strength)") as caught:
        client.command(**command)
    assert caught.value.exit_code == ConfigError.exit_code
    assert camera.commands == []


def test_the_socket_is_for_its_user_only(client: ControlClient, tmp_path: Path) -> None:
    assert (tmp_path / "control.sock").stat().st_mode & 0o777 == 0o600


def test_the_preview_page_is_served_beside_the_api(client: ControlClient) -> None:
    assert client._ask("GET", "/status.json", None, 2)["model"] == "still (int8)"


@pytest.fixture
def page(camera: FakeCamera, tmp_path: Path) -> Iterator[Page]:
    """Served on its port, and controlled by a socket as the daemon's is."""
    page = open_page(camera, partial(make_app, camera, is_public=True))
    unix = Listener(listen_unix(tmp_path / "control.sock"), make_app(camera, page.local_routes()))
    with ControlServer([unix, page.listener]):
        yield page


def enter(page: Page, url: str) -> httpx.Response:
    """What the page does when it is opened at an address."""
    return httpx.post(f"{page.address}session", json={"key": url.partition("#key=")[2]})


def test_the_socket_gives_addresses_that_open_the_page_once(page: Page, tmp_path: Path) -> None:
    url = ControlClient(tmp_path / "control.sock").page_url()
    assert url.startswith(page.address)
    assert page.token not in url
    bearer = {"Authorization": f"Bearer {enter(page, url).json()['session']}"}
    assert httpx.get(f"{page.address}status.json", headers=bearer).status_code == 200
    again = enter(page, url)
    assert (again.status_code, "sharpkd open" in again.json()["error"]) == (403, True)


def test_the_lasting_address_opens_the_page_again_and_again(page: Page) -> None:
    sessions = {enter(page, page.url).json()["session"] for _ in range(2)}
    assert len(sessions) == 2
    assert page.token not in sessions
    assert enter(page, f"{page.address}#key=wrong").status_code == 403


def test_a_page_that_was_forgotten_is_out(page: Page) -> None:
    first = enter(page, page.url).json()["session"]
    for _ in range(MOST):
        enter(page, page.url)
    answer = httpx.get(f"{page.address}status.json", headers={"Authorization": f"Bearer {first}"})
    assert answer.status_code == 403


def test_the_page_is_told_neither_its_key_nor_a_folder(camera: FakeCamera) -> None:
    camera.state = "waiting for camera: no file /home/joe/talk.mp4"
    page = open_page(camera, partial(make_app, camera, is_public=True))
    bearer = {"Authorization": f"Bearer {page.token}"}
    with ControlServer([page.listener]):
        answers = [httpx.get(f"{page.address}{path}", headers=bearer) for path in ("status", "status.json")]
        answers.append(httpx.post(f"{page.address}command", json={"reload": True}, headers=bearer))
    for answer in answers:
        assert answer.json()["state"] == "waiting for camera: no file talk.mp4"
        assert "preview_url" not in answer.json()


def test_cameras_and_their_controls_are_told_the_page_without_folders(page: Page, tmp_path: Path) -> None:
    answer = httpx.get(f"{page.address}devices", headers={"Authorization": f"Bearer {page.token}"})
    assert answer.json() == {
        "cameras": [{"name": "C920", "controls": [{"name": "gain", "menu": {"1": "one"}}]}]
    }
    told = ControlClient(tmp_path / "control.sock")._ask("GET", "/devices", None, PATIENCE_S)
    assert told["cameras"][0]["controls"][0]["menu"] == {"1": "/home/joe/one"}


def test_the_settings_are_told_the_page_without_their_file(page: Page, tmp_path: Path) -> None:
    answer = httpx.get(f"{page.address}settings", headers={"Authorization": f"Bearer {page.token}"})
    assert answer.json() == {"settings": [{"value": "me.png"}]}
    told = ControlClient(tmp_path / "control.sock")._ask("GET", "/settings", None, PATIENCE_S)
    assert (told["file"], told["settings"]) == ("/home/joe/x.toml", [{"value": "/home/joe/me.png"}])


@pytest.mark.parametrize("path", ["devices", "settings"])
def test_a_strangers_request_for_facts_is_refused(page: Page, path: str) -> None:
    assert httpx.get(f"{page.address}{path}").status_code == 403


@pytest.mark.parametrize("body", [{"toggle": "mirrors"}, {"freeze": "yes"}, {"toggle": ["pause"]}])
def test_what_can_be_neither_toggled_nor_frozen_is_malformed(page: Page, body: dict[str, object]) -> None:
    bearer = {"Authorization": f"Bearer {page.token}"}
    assert httpx.post(f"{page.address}command", json=body, headers=bearer).status_code == 422


def test_an_address_that_is_not_there_is_answered_as_every_error(page: Page) -> None:
    bearer = {"Authorization": f"Bearer {page.token}"}
    for method, path, code, words in (
        ("GET", "nowhere", 404, "GET /nowhere: not found"),
        ("GET", "command", 405, "GET /command: method not allowed"),
    ):
        answer = httpx.request(method, f"{page.address}{path}", headers=bearer)
        assert (answer.status_code, answer.json()) == (code, {"error": words, "exit_code": 1})


def test_the_port_gives_no_tickets(page: Page) -> None:
    answer = httpx.post(f"{page.address}ticket", headers={"Authorization": f"Bearer {page.token}"})
    assert answer.status_code == 404


def test_changes_that_wait_for_a_model_keep_neither_status_nor_pause_waiting(
    client: ControlClient, camera: FakeCamera
) -> None:
    camera.may_set.clear()
    with ThreadPoolExecutor(40) as pool:
        changes = [pool.submit(client.command, set={"link": "360p"}) for _ in range(40)]
        try:
            wait_for(lambda: sum(change.done() for change in changes) >= 40 - 9)
            client.status()
            assert client.command(pause=True)["state"] == "paused"
            assert not all(
                change.done() for change in changes
            )  # `bench.strangers` measures how long it takes
        finally:
            camera.may_set.set()
    errors = [change.exception() for change in changes]
    assert errors.count(None) == 9, "one that runs and eight that wait"
    assert {str(error) for error in errors if error} == {
        "busy: 8 changes of settings wait already; try again later"
    }


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"x" * 70_000, "more than 65536 bytes"),
        (json.dumps({"set": {"source": "x" * 2001}}).encode(), "at most 2000 characters"),
        (json.dumps({"set": {"x" * 221: 1}}).encode(), "at most 220 characters"),
        (json.dumps({"set": {str(n): 1 for n in range(33)}}).encode(), "at most 32 items"),
        (b'{"set":' + b'{"a":' * 5000, "malformed"),
    ],
)
def test_a_request_has_its_limits(client: ControlClient, camera: FakeCamera, body: bytes, words: str) -> None:
    with pytest.raises(VcamError, match=words) as caught:
        client._ask("POST", "/command", body.decode(), 5)
    assert len(str(caught.value)) < 400
    assert camera.commands == []


def test_a_body_that_does_not_come_is_not_waited_for(
    client: ControlClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vcam.control.body.PATIENCE_S", 0.05)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as slow:
        slow.settimeout(PATIENCE_S)
        slow.connect(str(tmp_path / "control.sock"))
        slow.sendall(b"POST /command HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert slow.recv(1000).startswith(b"HTTP/1.1 400")


def test_a_bug_is_answered_and_logged(
    client: ControlClient, camera: FakeCamera, caplog: pytest.LogCaptureFixture
) -> None:
    camera.bug = RuntimeError("a bug")
    with pytest.raises(VcamError, match="a bug in the daemon; see: sharpkd logs"):
        client.command(reload=True)
    assert client.status()["state"] == "running"
    assert "RuntimeError: a bug" in caplog.text


def test_who_looks_at_the_picture_is_counted_and_who_reads_numbers_is_not(
    client: ControlClient, camera: FakeCamera, tmp_path: Path
) -> None:
    client.status()
    client._ask("GET", "/status.json", None, 2)
    assert camera.looks == 0
    connection = _UnixConnection(tmp_path / "control.sock", PATIENCE_S)
    connection.request("GET", "/pair.jpg")
    assert connection.getresponse().status == 200
    connection.close()
    assert camera.looks == 1


def test_nobody_there_is_not_running(tmp_path: Path) -> None:
    with pytest.raises(NotRunningError, match="sharpkd start"):
        ControlClient(tmp_path / "control.sock").status()


def test_a_socket_left_behind_is_not_running_and_is_replaced(tmp_path: Path, camera: FakeCamera) -> None:
    path = tmp_path / "control.sock"
    listen_unix(path).close()
    with pytest.raises(NotRunningError):
        ControlClient(path).status()
    with ControlServer([Listener(listen_unix(path), make_app(camera))]):
        assert ControlClient(path).status()["state"] == "running"


def test_a_daemon_that_hangs_is_given_up_after_the_timeout(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with listen_unix(path) as unix:
        unix.listen()
        with pytest.raises(NotRunningError, match=r"within 0\.05 s; see: sharpkd logs"):
            ControlClient(path, timeout_s=0.05).status()


def test_a_path_too_long_for_a_socket_says_so(tmp_path: Path) -> None:
    with pytest.raises(VcamError, match=r"cannot listen on .* short path"):
        listen_unix(tmp_path / ("x" * 120))


def test_a_taken_port_says_which_setting_to_change() -> None:
    with listen_tcp(0) as taken:
        taken.listen()
        with pytest.raises(ConfigError, match="preview_port"):
            listen_tcp(taken.getsockname()[1])
