import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from vcam.doctor.case import OK, PROBLEM
from vcam.doctor.libraries import check_pipewire, find_sockets
from vcam.errors import SinkError
from vcam.pipewire.library import INSTALL


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which a daemon listens, by a short path: a socket's has at most 107 letters."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind("pipewire-0")
        daemon.listen()
        yield Path()


def test_a_daemon_that_takes_connections_is_enough(runtime: Path) -> None:
    (finding,) = check_pipewire(lambda: None, {"XDG_RUNTIME_DIR": str(runtime)})
    assert (finding.level, finding.message) == (OK, "PipeWire answers at pipewire-0")


def test_a_socket_that_nobody_listens_at_is_no_daemon(tmp_path: Path) -> None:
    (tmp_path / "pipewire-0").touch()
    (finding,) = check_pipewire(lambda: None, {"PIPEWIRE_REMOTE": str(tmp_path / "pipewire-0")})
    assert (finding.level, finding.fix) == (PROBLEM, "systemctl --user start pipewire wireplumber")
    assert f"nothing answers at {tmp_path}/pipewire-0" in finding.message


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        (f"no PipeWire on this system. Run: {INSTALL}", INSTALL),
        ("PipeWire is 0.3.20, 0.3.34 or newer is needed", "sharpkd set sink auto --save && sharpkd restart"),
    ],
)
def test_a_library_that_cannot_be_used_is_a_problem(error: str, fix: str) -> None:
    def load() -> None:
        raise SinkError(error)

    (finding,) = check_pipewire(load, {})
    assert (finding.level, finding.message, finding.fix) == (PROBLEM, error, fix)


@pytest.mark.parametrize(
    ("env", "sockets"),
    [
        ({}, ["/run/pipewire/pipewire-0"]),
        ({"XDG_RUNTIME_DIR": "/run/user/7"}, ["/run/user/7/pipewire-0", "/run/pipewire/pipewire-0"]),
        (
            {"XDG_RUNTIME_DIR": "/run/user/7", "PIPEWIRE_RUNTIME_DIR": "/a", "PIPEWIRE_REMOTE": "b"},
            ["/a/b", "/run/pipewire/b"],
        ),
    ],
)
def test_the_daemon_is_looked_for_where_its_library_does(env: dict[str, str], sockets: list[str]) -> None:
    assert [str(path) for path in find_sockets(env)] == sockets
