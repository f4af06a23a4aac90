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
    url = (tmp_path / "opened").read_text().strip()
    assert program.paths.token.read_text().strip() not in url
    with urllib.request.build_opener(urllib.request.HTTPCookieProcessor()).open(url, timeout=5) as page:
        assert page.status == 200
        assert page.url == program.paths.preview_url.read_text().partition("?")[0]


def test_without_a_browser_the_address_is_said(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER", "/bin/false")
    monkeypatch.setenv("PATH", "/nowhere")
    failed = program.run("open")
    assert failed.returncode == 1
    assert program.paths.preview_url.read_text().strip() in failed.stderr
