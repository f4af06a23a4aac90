"""The socket and the lock, when somebody deletes them below a running daemon."""

import logging
import shutil
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from vcam.control.client import ControlClient
from vcam.daemon.control_socket import ControlSocket
from vcam.errors import AlreadyRunningError
from vcam.instance import Instance
from vcam.paths import Paths, make_private


def answer(request: Request) -> JSONResponse:
    return JSONResponse({"state": "running"})


@pytest.fixture
def instance(paths: Paths) -> Iterator[Instance]:
    make_private(paths.runtime)
    with Instance(*paths.locks) as instance:
        yield instance


@pytest.fixture
def control(paths: Paths, instance: Instance) -> Iterator[ControlSocket]:
    app = Starlette(routes=[Route("/status", answer)])
    with ControlSocket(app, paths, instance) as control:
        yield control


def is_answered(paths: Paths) -> bool:
    return ControlClient(paths.socket).status() == {"state": "running"}


@pytest.mark.parametrize("name", ["", "control.sock", "lock"])
def test_what_was_deleted_is_made_again_and_answers(
    paths: Paths, control: ControlSocket, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = sorted(paths.runtime.iterdir())
    if name:
        (paths.runtime / name).unlink()
    else:
        shutil.rmtree(paths.runtime.parent)
    control.look()
    assert sorted(paths.runtime.iterdir()) == before
    assert (paths.runtime.stat().st_mode & 0o777, paths.socket.stat().st_mode & 0o777) == (0o700, 0o600)
    assert is_answered(paths)
    control.look()
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_what_cannot_be_made_again_yet_is_said_once_and_tried_again(
    paths: Paths, control: ControlSocket, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.rmtree(paths.runtime.parent)
    paths.runtime.parent.write_text("in its place")
    control.look()
    control.look()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    paths.runtime.parent.unlink()
    control.look()
    assert is_answered(paths)


def test_who_finds_another_one_in_its_place_ends_and_leaves_that_one_alone(
    paths: Paths, instance: Instance, control: ControlSocket
) -> None:
    shutil.rmtree(paths.runtime)
    make_private(paths.runtime)
    with Instance(paths.locks[0]):  # as one that cannot use the guard
        paths.socket.write_text("another one's")
        with pytest.raises(AlreadyRunningError, match="another camera started: already running, pid"):
            control.look()
        control.__exit__(None, None, None)
        instance.__exit__(None, None, None)
        assert sorted(path.name for path in paths.runtime.iterdir()) == ["control.sock", "lock"]
