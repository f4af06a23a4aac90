"""The page of the manual, as `man` and groff read it."""

import shutil
import subprocess

import pytest

from vcam import cli
from vcam.config import SETTINGS
from vcam.shell.man_page import man_page


@pytest.fixture(scope="module")
def page() -> str:
    return man_page(cli.make_parser(), "1.2.3")


def test_every_command_and_setting_has_its_place(page: str) -> None:
    lines = page.splitlines()
    assert [line[4:] for line in lines if line.startswith(".SS ")] == list(cli.COMMANDS)
    assert {one.name for one in SETTINGS} <= {line[3:-3] for line in lines if line.startswith(r"\fB")}
    sections = [line[4:] for line in lines if line.startswith(".SH ")]
    assert sections[:4] == ["NAME", "SYNOPSIS", "OPTIONS", "COMMANDS"]


def test_no_text_is_taken_for_a_request(page: str) -> None:
    known = {".TH", ".SH", ".SS", ".B", ".TP", ".PP", ".nf", ".fi", ".sp"}
    assert {line.split()[0] for line in page.splitlines() if line[:1] in (".", "'")} <= known


@pytest.mark.skipif(shutil.which("groff") is None, reason="no groff")
def test_groff_reads_it_without_a_warning(page: str) -> None:
    command = ["groff", "-man", "-ww", "-k", "-Tutf8", "-P-c", "-P-b", "-P-u"]
    read = subprocess.run(command, input=page, capture_output=True, text=True, check=True, timeout=60)
    assert read.stderr == ""
    assert "sharpkd set strength 0.5" in read.stdout
    assert "The model's name in the manifest" in " ".join(read.stdout.split())
