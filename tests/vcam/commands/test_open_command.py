import json
import re
import urllib.request
from pathlib import Path

import pytest
from program import Program


def test_open_starts_the_camera_and_shows_its_page(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(browser))
    opened = program.run("open")
    assert (opened.returncode, opened.stderr) == (0, "")
    called_with = (tmp_path / "opened").read_text().strip()
    file = program.paths.page
    assert called_with == file.as_uri()
    assert file.stat().st_mode & 0o777 == 0o600
    found = re.search(r"url=(http://127\.0\.0\.1:\d+/)#key=([\w-]+)", file.read_text())
    assert found is not None
    address, key = found.groups()
    lasting_address, _, lasting_key = program.status()["preview_url"].partition("#key=")
    assert address == lasting_address
    assert key != lasting_key
    entry = urllib.request.Request(f"{address}session", json.dumps({"key": key}).encode())
    with urllib.request.urlopen(entry, timeout=5) as answer:
        session = json.loads(answer.read())["session"]
    numbers = urllib.request.Request(f"{address}status", headers={"Authorization": f"Bearer {session}"})
    with urllib.request.urlopen(numbers, timeout=5) as answer:
        assert json.loads(answer.read())["pid"] == program.pid
    program.run("stop")
    assert not file.exists()


def test_without_a_browser_the_address_is_said(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER", "/bin/false")
    monkeypatch.setenv("PATH", "/nowhere")
    failed = program.run("open")
    assert failed.returncode == 1
    assert "open the address that `sharpkd status` prints" in failed.stderr
