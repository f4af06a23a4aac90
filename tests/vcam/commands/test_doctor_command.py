"""`doctor`, on whatever machine the tests run."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from program import Program

from vcam import cli
from vcam.commands import doctor
from vcam.doctor.case import Finding, ok, problem, warning
from vcam.doctor.settings import read_settings
from vcam.paths import Paths, user_paths


def test_the_exit_code_says_whether_there_is_a_problem(program: Program) -> None:
    answer = program.run("doctor", "--quick", "--json")
    assert answer.stderr == ""
    said = json.loads(answer.stdout)
    levels = [finding["level"] for finding in said["findings"]]
    assert answer.returncode == int("problem" in levels)
    assert (said["problems"], said["warnings"]) == (levels.count("problem"), levels.count("warning"))
    assert {"model", "codecs", "daemon"} <= {finding["check"] for finding in said["findings"]}


def printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *findings: Finding) -> str:
    monkeypatch.setattr(doctor, "examine", lambda checks: list(findings))
    assert cli.main(["doctor"]) == int(any(finding.level == "problem" for finding in findings))
    return capsys.readouterr().out


def test_a_problem_is_followed_by_its_command(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = printed(monkeypatch, capsys, ok("module", "is loaded"), problem("node", "is missing", "sudo fix"))
    assert [line.split(maxsplit=2) for line in said.splitlines()[:3]] == [
        ["ok", "module", "is loaded"],
        ["problem", "node", "is missing"],
        ["fix:", "sudo", "fix"],
    ]
    assert said.splitlines()[-1].startswith("problems: 1, warnings: 0")


def test_warnings_alone_are_no_problem(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = printed(monkeypatch, capsys, warning("camera", "dim"))
    assert said.splitlines()[-1] == "nothing has to be fixed; warnings: 1"


def test_broken_settings_are_a_finding(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paths.config.parent.mkdir(parents=True)
    paths.config.write_text("fps = 1000\n")
    monkeypatch.setattr(doctor, "examine", lambda checks: [])
    assert cli.main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "fps = 1000 is out of range" in said
    assert f"fix: ${{EDITOR:-nano}} {paths.config}" in said


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"size = '640x480'\nstrenght = 1\n", r"did you mean 'strength'.*\(line 2\)$"),
        (b"\n\nfps = 1000\n", r"fps = 1000 is out of range.*\(line 3\)$"),
        (b"fps = 30\nsize = \n", r"not valid TOML: .*\(at line 2"),
    ],
)
def test_a_mistake_in_the_settings_is_no_reason_to_put_them_aside(
    paths: Paths, content: bytes, found: str
) -> None:
    paths.config.parent.mkdir(parents=True)
    paths.config.write_bytes(content)
    _, (finding,) = read_settings(paths.config)
    assert re.search(found, finding.message)
    assert finding.fix == f"${{EDITOR:-nano}} {paths.config}"


def test_what_is_no_text_is_put_aside(paths: Paths) -> None:
    paths.config.parent.mkdir(parents=True)
    paths.config.write_bytes(b"\xff\xfe")
    _, (finding,) = read_settings(paths.config)
    assert finding.fix == f"mv {paths.config} {paths.config}.broken"


def test_the_command_that_fixes_them_can_be_pasted(tmp_path: Path) -> None:
    file = tmp_path / "Application Support" / "config.toml"
    file.parent.mkdir()
    file.write_text("fps = 1000\n")
    paths = replace(user_paths(), config=file)
    _, (finding,) = read_settings(paths.config)
    assert finding.fix == f"${{EDITOR:-nano}} '{file}'"
