"""What opens the page after a start: a file that tells a thief nothing."""

import json
import os
from pathlib import Path

import pytest
from starlette.applications import Starlette

from vcam.control.server import listen_tcp
from vcam.errors import ConfigError
from vcam.frame import Frame, black
from vcam.page.memory import PageMemory
from vcam.page.page import Page, open_page
from vcam.page.sessions import LASTS_S, MOST, NOTED_S, Sessions
from vcam.pipeline import Result

DAY_S = 86_400.0


class Shown:
    def look(self) -> Result | None:
        return None

    def placeholder(self) -> Frame:
        return black((64, 48))


def opened(path: Path, port: int = 0) -> Page:
    """A page that is not served; its port is free again at once."""
    page = open_page(Shown(), lambda routes: Starlette(routes=list(routes)), port, PageMemory(path))
    page.listener.socket.close()
    return page


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "page.json"


class Clock:
    now_s = 1e9

    def __call__(self) -> float:
        return self.now_s


def test_the_next_start_takes_the_same_port_and_knows_the_key(path: Path) -> None:
    first = opened(path)
    second = opened(path)
    assert (second.address, second.token == first.token) == (first.address, False)
    keys = Sessions(PageMemory(path).kept.keys)
    assert (keys.is_open(first.token), keys.is_open(second.token)) == (True, True)


def test_a_port_that_was_asked_for_is_not_taken_where_any_will_do(path: Path) -> None:
    free = listen_tcp(0)
    port = free.getsockname()[1]
    free.close()
    asked = opened(path, port)
    assert asked.address == f"http://127.0.0.1:{port}/"
    second = opened(path)
    assert second.address != asked.address
    assert not Sessions(PageMemory(path).kept.keys).is_open(asked.token), "pages ask on at the old port"
    assert opened(path).address == second.address


def test_the_file_is_its_users_alone_and_has_no_secret_in_it(path: Path) -> None:
    token = opened(path).token
    sessions = Sessions(keep=lambda ends: PageMemory(path).keep(sessions=ends))
    secret = sessions.open()
    text = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert token not in text
    assert secret not in text
    for digest in json.loads(text)["sessions"]:
        assert not sessions.is_open(digest), "what a thief finds opens nothing"


def test_a_port_that_another_program_has_had_takes_all_secrets_with_it(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = opened(path)
    with listen_tcp(int(first.address.rpartition(":")[2].strip("/"))) as taken:
        taken.listen()
        second = opened(path)
    assert second.address != first.address
    assert "is taken" in caplog.text
    assert not Sessions(PageMemory(path).kept.keys).is_open(first.token)


def test_a_port_that_the_user_wants_is_taken_or_refused(path: Path) -> None:
    opened(path)
    with listen_tcp(0) as taken:
        taken.listen()
        with pytest.raises(ConfigError, match="preview_port"):
            opened(path, taken.getsockname()[1])


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "null",
        '{"port": 70000, "keys": {"x": 1}, "sessions": {"y": "z"}}',
        '{"port": "80", "keys": [], "sessions": {}}',
        "[" * 9000,
        "x" * 70_000,
        '{"port": 1, "keys": {"' + "a" * 64 + '": 1e999}, "sessions": {}}',
    ],
)
def test_a_damaged_file_counts_as_none(path: Path, content: str) -> None:
    path.write_text(content)
    kept = PageMemory(path).kept
    assert (kept.port, dict(kept.keys), dict(kept.sessions)) in ((0, {}, {}), (1, {}, {}))
    assert opened(path).token


def test_a_file_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    assert opened(tmp_path / "missing" / "page.json").token
    os.mkfifo(tmp_path / "pipe")
    assert opened(tmp_path / "pipe").token


def test_a_session_ends_a_week_after_its_last_use() -> None:
    clock = Clock()
    sessions = Sessions(clock=clock)
    used, unused = sessions.open(), sessions.open()
    for _ in range(10):
        clock.now_s += LASTS_S / 2
        assert sessions.is_open(used)
    assert not sessions.is_open(unused)


def test_a_use_is_kept_once_an_hour_not_with_each_picture() -> None:
    clock = Clock()
    kept: list[dict[str, float]] = []
    sessions = Sessions(keep=kept.append, clock=clock)
    secret = sessions.open()
    for _ in range(100):
        sessions.is_open(secret)
    assert len(kept) == 1
    clock.now_s += NOTED_S + 1
    sessions.is_open(secret)
    assert (len(kept), max(kept[-1].values())) == (2, clock.now_s + LASTS_S)


def test_the_one_used_longest_ago_makes_room() -> None:
    sessions = Sessions()
    first, second = sessions.open(), sessions.open()
    for _ in range(MOST - 2):
        sessions.open()
    assert sessions.is_open(first)
    sessions.open()
    assert (sessions.is_open(first), sessions.is_open(second)) == (True, False)


def test_an_end_of_another_clock_is_not_believed() -> None:
    clock = Clock()
    kept: list[dict[str, float]] = []
    secret = Sessions(keep=kept.append, clock=lambda: clock.now_s + 30 * DAY_S).open()
    assert not Sessions(kept[-1], clock=clock).is_open(secret)


def test_another_port_takes_all_secrets_with_it(path: Path) -> None:
    first = opened(path)
    with listen_tcp(0) as free:
        port = free.getsockname()[1]
    opened(path, port)
    assert not Sessions(PageMemory(path).kept.keys).is_open(first.token)
