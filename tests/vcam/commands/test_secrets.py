"""Secrets of several shapes, planted into a real daemon and looked for at every exit."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from program import PATIENCE_S, ROOT, Program, wait_for

from vcam.control.client import ControlClient

SHAPES = [
    "rtsp://joe:SECRET@127.0.0.1:1/live?key=SECRET",
    "rtsp://joe:12/SECRET@127.0.0.1:1/live",
    "http://joe:pw#SECRET@127.0.0.1:1/",
    "http://127.0.0.1:1/SECRET/live.m3u8?SECRET",
    "rtsp://joe:p[SECRET@127.0.0.1:1/x",
    "/nowhere/SECRET/talk.mp4",
    "file:///nowhere/SECRET/talk.mp4",
]


@contextmanager
def supervised(folder: Path, heard: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A daemon in the foreground; what systemd is told of it is in `heard` at the end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(folder / "notify"))
        channel.setblocking(False)
        environ = {**os.environ, "NOTIFY_SOCKET": str(folder / "notify")}
        command = [sys.executable, "-m", "vcam.daemon"]
        daemon = subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True)
        try:
            yield daemon
            while True:
                heard.append(channel.recv(65536).decode())
        except BlockingIOError:
            pass
        finally:
            daemon.kill()
            daemon.communicate(timeout=PATIENCE_S)


@pytest.mark.slow
def test_a_secret_leaves_by_no_exit(program: Program, tmp_path: Path) -> None:
    exits: dict[str, str] = {}
    heard: list[str] = []
    with supervised(tmp_path, heard) as daemon:
        wait_for(lambda: program.run("status").returncode == 0)
        client = ControlClient(program.paths.socket)
        (tmp_path / "SECRET").mkdir()
        (tmp_path / "SECRET/talk.mp4").write_bytes(b"no video")
        for number, shape in enumerate(SHAPES):
            source = shape.replace("/nowhere", str(tmp_path))
            answer = program.run("set", "source", source)
            if "://" in source:  # the path of a file may be repeated to who typed it
                exits[f"set {number}"] = answer.stdout + answer.stderr
                exits[f"refusal {number}"] = program.run("set", "link", source).stderr
            wait_for(lambda: client.status()["state"].startswith("waiting for camera"))
            exits[f"API {number}"] = json.dumps(client.status())
            exits[f"status {number}"] = program.run("status").stdout
            exits[f"page {number}"] = json.dumps(client._ask("GET", "/status.json", None, 2))
        daemon.terminate()
        exits["terminal"] = daemon.communicate(timeout=PATIENCE_S)[1]
    exits["log"] = program.run("logs", "-n", "1000").stdout
    exits["systemd"] = "\n".join(heard)
    assert "STATUS=waiting for camera" in exits["systemd"]
    assert "waiting for camera" in exits["log"]
    assert [name for name, text in exits.items() if "SECRET" in text] == []


def test_a_start_that_a_secret_prevents_does_not_tell_it(program: Program) -> None:
    program.paths.config.write_text('source = "rtsp://joe:SECRET@cam"\nstrength = "rtsp://joe:SECRET@cam"\n')
    failed = program.run("start")
    assert failed.returncode == 2
    assert "SECRET" not in failed.stderr + program.paths.log.read_text()


def test_configuration_and_log_are_for_their_user_only(program: Program) -> None:
    log = program.paths.log
    log.parent.mkdir(parents=True)
    for path in (log, log.with_name("daemon.log.1"), program.paths.config):
        path.touch()
        path.chmod(0o644)
    assert program.run("start").returncode == 0
    modes = {
        path.name: path.stat().st_mode & 0o777
        for path in (program.paths.config, *log.parent.glob("daemon.log*"))
    }
    assert modes == {"config.toml": 0o600, "daemon.log": 0o600, "daemon.log.1": 0o600}
    program.paths.config.chmod(0o644)
    assert program.run("set", "--save", "strength", "0.5").returncode == 0
    assert program.paths.config.stat().st_mode & 0o777 == 0o600
