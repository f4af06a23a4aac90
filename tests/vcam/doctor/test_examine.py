import threading

import pytest
from fake_node import CAPTURE
from made_machine import BARE, MadeMachine

from vcam.config import Config
from vcam.doctor.case import OK, WARNING, Case, Finding, ok, problem
from vcam.doctor.examine import examine, let_go_first, list_checks
from vcam.v4l2loopback.module import CARD, reload_command

RELOAD = reload_command({42: CARD})


def fail() -> list[Finding]:
    raise PermissionError(13, "Permission denied", "/sys/secret")


def test_a_check_that_fails_is_a_finding_and_does_not_stop_the_others() -> None:
    findings = examine({"first": fail, "second": lambda: [ok("second", "fine")]})
    assert [(finding.check, finding.level) for finding in findings] == [("first", WARNING), ("second", OK)]
    assert findings[0].message.startswith("could not be checked: PermissionError: [Errno 13]")


def test_a_check_that_hangs_is_left() -> None:
    never = threading.Event()

    def hang() -> list[Finding]:
        never.wait()
        return []

    findings = examine({"hangs": hang, "next": lambda: [ok("next", "fine")]}, longest_s=0.05)
    never.set()
    assert [finding.message for finding in findings] == [
        "could not be checked: no answer within 0.05 s",
        "fine",
    ]


def test_an_empty_linux_lacks_its_module_and_a_webcam(made: MadeMachine) -> None:
    checks = list_checks(Case(made.machine, Config(), is_quick=True))
    slow = {"model", "codecs"}
    findings = examine({name: check for name, check in checks.items() if name not in slow})
    assert [(finding.check, finding.level) for finding in findings] == [
        ("secure boot", "ok"),
        ("module", "problem"),
        ("camera", "warning"),
        ("daemon", "ok"),
    ]


def test_the_key_comes_before_the_module_that_the_kernel_refuses_without_it(made: MadeMachine) -> None:
    made.put("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", b"\x06\0\0\0\x01")
    made.build_module()
    made.answers["mokutil --test-key /var/lib/dkms/mok.pub"] = "/var/lib/dkms/mok.pub is not enrolled\n"
    checks = list_checks(Case(made.machine))
    problems = examine({name: checks[name] for name in checks if name in ("module", "secure boot")})
    assert [finding.fix.split()[1] for finding in problems] == ["mokutil", "modprobe"]


def test_a_fix_that_unloads_the_module_lets_the_running_camera_go_of_it_first() -> None:
    findings = [problem("node", "no exclusive_caps", RELOAD), problem("app", "snap", "sudo snap connect")]
    running = Case(BARE, pid=7, status={"sink": "SharpKD Camera (/dev/video42)"})
    assert [finding.fix for finding in let_go_first(findings, running)] == [
        f"sharpkd pause --release && {RELOAD} && sharpkd resume",
        "sudo snap connect",
    ]
    assert let_go_first(findings, Case(BARE, pid=7, status={"sink": "preview"})) == findings
    assert let_go_first(findings, Case(BARE)) == findings


def test_a_fix_that_unloads_the_module_names_the_cameras_that_go_with_it(made: MadeMachine) -> None:
    made.add_loopback(42)
    findings = [problem("node", "no exclusive_caps", RELOAD), problem("app", "snap", "sudo snap connect")]
    assert let_go_first(findings, Case(made.machine)) == findings
    node = made.add_loopback(0, "Intel MIPI Camera")
    reload, snap = let_go_first(findings, Case(made.machine))
    assert reload.message.startswith(
        f'no exclusive_caps. Loading the module again removes {node} "Intel MIPI Camera"'
    )
    assert (reload.fix, snap) == (RELOAD, findings[1])


@pytest.mark.parametrize(
    ("sink", "names"),
    [
        ("pipewire", ["pipewire", "permission", "camera"]),
        ("call.mkv", ["permission", "camera"]),
        ("preview", ["permission", "camera"]),
    ],
)
def test_without_a_virtual_camera_to_publish_to_the_module_is_not_looked_at(
    made: MadeMachine, sink: str, names: list[str]
) -> None:
    checks = list_checks(Case(made.machine, Config(sink=sink)))
    assert list(checks) == [*names, "model", "codecs", "daemon"]


def test_a_node_of_the_user_s_own_that_works_has_nothing_to_fix(made: MadeMachine) -> None:
    made.load_module()
    node = made.add_loopback(10, "My Cam", CAPTURE)
    status = {"sink": f"SharpKD Camera ({node})", "state": "running"}
    checks = list_checks(Case(made.machine, Config(sink="/dev/video10"), 7, status, is_quick=True))
    slow = {"model", "codecs", "camera"}
    findings = examine({name: check for name, check in checks.items() if name not in slow})
    assert {finding.level for finding in findings} == {OK}


def test_the_camera_s_own_node_is_none_of_those_that_go_with_the_module(made: MadeMachine) -> None:
    made.add_loopback(10, "My Cam")
    case = Case(made.machine, Config(sink="/dev/video10"))
    findings = [problem("node", "no exclusive_caps", RELOAD)]
    assert let_go_first(findings, case) == findings
