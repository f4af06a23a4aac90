"""Find what keeps the virtual camera from working here, and name for each finding one command that fixes it.

Nothing is changed and nothing is run with sudo: the commands are for you to run. Exit code 0: nothing has to
be fixed, apart from warnings; 1: there is a problem.
"""

import argparse
import json
from dataclasses import asdict

from vcam.config import Config
from vcam.control.client import ControlClient
from vcam.doctor.case import PROBLEM, WARNING, Case, Finding
from vcam.doctor.examine import examine, let_go_first, list_checks
from vcam.doctor.machine import this_machine
from vcam.doctor.settings import read_settings
from vcam.errors import VcamError
from vcam.instance import holder
from vcam.paths import Paths, user_paths


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quick", action="store_true", help="do not open webcams to measure their rate")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    paths = user_paths()
    config, findings = read_settings(paths.config)
    case = make_case(paths, config, args.quick)
    findings += let_go_first(examine(list_checks(case)), case)
    print(json.dumps(as_json(findings)) if args.json else describe(findings))
    return int(any(finding.level == PROBLEM for finding in findings))


def make_case(paths: Paths, config: Config, is_quick: bool) -> Case:
    pid = holder(*paths.locks)
    try:
        status = ControlClient(paths.socket).status() if pid else {}
    except VcamError:  # that it does not answer is for a check to say
        status = {}
    return Case(this_machine(), config, pid, status, is_quick)


def as_json(findings: list[Finding]) -> dict[str, object]:
    levels = [finding.level for finding in findings]
    return {
        "problems": levels.count(PROBLEM),
        "warnings": levels.count(WARNING),
        "findings": [asdict(finding) for finding in findings],
    }


def describe(findings: list[Finding]) -> str:
    """A line a finding, its command below it, and a last line with how many there are."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.level:8} {finding.check:12} {finding.message}")
        if finding.fix:
            lines.append(f"{'':21} fix: {finding.fix}")
    return "\n".join([*lines, "", _sum_up(findings)])


def _sum_up(findings: list[Finding]) -> str:
    problems = sum(finding.level == PROBLEM for finding in findings)
    warnings = sum(finding.level == WARNING for finding in findings)
    if not problems:
        return f"nothing has to be fixed; warnings: {warnings}"
    return (
        f"problems: {problems}, warnings: {warnings}; fix the first one first, then run sharpkd doctor again"
    )
