"""A page that is open stays so: over a restart, a stop and start, and a crash."""

import json
import os
import signal
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from program import Program, wait_for

from vcam.control.client import ControlClient


def ask(address: str, secret: str = "", body: object = None) -> tuple[int, dict[str, object]]:
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(Request(address, data, headers), timeout=30) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_a_page_outlives_its_camera(program: Program) -> None:
    assert program.run("start").returncode == 0
    client = ControlClient(program.paths.socket, 30)
    url = client.status()["preview_url"]
    address, _, key = url.partition("#key=")
    _, entered = ask(f"{address}session", body={"key": key})
    secret = str(entered["session"])

    def is_open() -> bool:
        return ask(f"{address}status", secret)[0] == 200

    assert is_open()
    for name in ("settings", "history", "doctor", "models", "devices"):
        assert (ask(f"{address}{name}", secret)[0], ask(f"{address}{name}")[0]) == (200, 403), name
    began = client.status()["started_at"]
    code, status = ask(f"{address}command", secret, {"restart": {"size": "160x120", "fps": 20}})
    assert (code, status["size"]) == (200, [160, 120])
    assert status["started_at"] > began
    assert is_open()

    pid = program.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: program.pid is None)
    assert program.run("start").returncode == 0
    assert is_open(), "after a crash"
    assert ask(f"{address}session", body={"key": key})[0] == 200, "the key of an old address"

    assert program.run("stop").returncode == 0
    text = program.paths.page_memory.read_text()
    assert program.paths.page_memory.stat().st_mode & 0o777 == 0o600
    assert secret not in text
    assert key not in text
    assert program.run("start").returncode == 0
    assert client.status()["preview_url"].startswith(address)
    assert is_open(), "after a stop and a start"
    assert ask(f"{address}status", "wrong")[0] == 403
