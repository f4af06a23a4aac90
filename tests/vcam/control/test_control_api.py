from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest

from vcam.control.app import make_app
from vcam.control.client import ControlClient, _UnixConnection
from vcam.control.page import Page, open_page
from vcam.control.server import ControlServer, listen_tcp, listen_unix
from vcam.control.status import Command, Status
from vcam.errors import ConfigError, NotRunningError, VcamError
from vcam.frame import Frame, black
from vcam.meter import Percentiles
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

    def status(self) -> Status:
        return replace(STATUS, state="paused" if any(c.pause for c in self.commands) else "running")

    def do(self, command: Command) -> None:
        if command.set.get("strength") == "2":
            raise ConfigError("strength = 2 is out of range; expected 0..1")
        self.commands.append(command)

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
    with ControlServer([(listen_unix(path), make_app(camera))]):
        yield ControlClient(path)


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
    page = open_page(make_app(camera))
    unix = listen_unix(tmp_path / "control.sock"), make_app(camera, [page.ticket_route()])
    with ControlServer([unix, page.listener]):
        yield page


def test_the_socket_gives_addresses_that_open_the_page_once(page: Page, tmp_path: Path) -> None:
    url = ControlClient(tmp_path / "control.sock").page_url()
    assert url.startswith(page.address)
    assert page.token not in url
    with httpx.Client(follow_redirects=True) as browser:
        opened = browser.get(url)
        assert (opened.status_code, opened.url) == (200, page.address)
        assert browser.get(f"{page.address}status.json").status_code == 200
    assert httpx.get(url).status_code == 403


def test_the_port_gives_no_tickets(page: Page) -> None:
    answer = httpx.post(f"{page.address}ticket?token={page.token}")
    assert answer.status_code == 404


def test_who_looks_at_the_picture_is_counted_and_who_reads_numbers_is_not(
    client: ControlClient, camera: FakeCamera, tmp_path: Path
) -> None:
    client.status()
    client._ask("GET", "/status.json", None, 2)
    assert camera.looks == 0
    connection = _UnixConnection(tmp_path / "control.sock", 2)
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
    with ControlServer([(listen_unix(path), make_app(camera))]):
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
