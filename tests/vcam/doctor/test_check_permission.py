import errno
import os

import pytest
from fake_node import FakeNode
from made_machine import MadeMachine

from vcam.config import Config
from vcam.doctor.case import OK, PROBLEM, Case, Finding
from vcam.doctor.machine import Machine
from vcam.doctor.node import check_permission


def only(machine: Machine) -> Finding:
    (finding,) = check_permission(Case(machine), machine)
    return finding


def test_without_nodes_there_is_nothing_to_open(made: MadeMachine) -> None:
    assert check_permission(Case(made.machine), made.machine) == []


def test_our_node_and_the_webcams_may_be_opened(made: MadeMachine) -> None:
    ours, webcam = made.add_loopback(), made.add_node(0, FakeNode())
    made.add_loopback(10, "Another")
    assert only(made.machine) == Finding("permission", OK, f"ann may open {ours}, {webcam}")


def test_who_is_not_in_the_group_is_put_there(made: MadeMachine) -> None:
    made.kernel.refusals[str(made.add_loopback())] = errno.EACCES
    finding = only(made.without_groups())
    assert (finding.level, finding.fix) == (PROBLEM, "sudo usermod -aG video $USER")


def test_who_was_put_there_meanwhile_logs_in_again(made: MadeMachine) -> None:
    made.kernel.refusals[str(made.add_node(0, FakeNode()))] = errno.EACCES
    made.put("/etc/group", f"video:x:{os.getgid()}:bob,ann\n")
    finding = only(made.without_groups())
    assert (finding.level, finding.fix) == (PROBLEM, "newgrp video")
    assert "Log out and in" in finding.message


def test_nobody_is_put_into_the_group_of_root(made: MadeMachine) -> None:
    node = made.add_loopback()
    made.kernel.refusals[str(node)] = errno.EACCES
    made.put("/etc/group", f"root:x:{os.getgid()}:\n")
    assert only(made.without_groups()).fix == f"sudo chgrp video {node} && sudo chmod g+rw {node}"


def test_a_group_without_rights_is_given_them(made: MadeMachine) -> None:
    node = made.add_loopback()
    made.kernel.refusals[str(node)] = errno.EACCES
    assert only(made.machine).fix == f"sudo chmod g+rw {node}"


def test_a_node_that_is_only_in_sys_is_made(made: MadeMachine) -> None:
    node = made.add_loopback()
    node.unlink()
    made.kernel.refusals[str(node)] = errno.ENOENT
    assert "udevadm trigger" in only(made.machine).fix


def test_any_other_refusal_names_who_has_it(made: MadeMachine) -> None:
    node = made.add_loopback()
    made.kernel.refusals[str(node)] = errno.EBUSY
    assert only(made.machine).fix == f"sudo fuser -v {node}"


def test_each_node_has_its_own_finding(made: MadeMachine) -> None:
    for node in (made.add_loopback(), made.add_node(0, FakeNode())):
        made.kernel.refusals[str(node)] = errno.EACCES
    assert len(check_permission(Case(made.machine), made.without_groups())) == 2


@pytest.mark.parametrize(("sink", "count"), [("auto", 0), ("/dev/video10", 1), ("pipewire", 0)])
def test_of_the_nodes_of_others_nothing_is_said(made: MadeMachine, sink: str, count: int) -> None:
    made.kernel.refusals[str(made.add_loopback(10, "My Cam"))] = errno.EACCES
    case = Case(made.machine, Config(sink=sink))
    assert len(check_permission(case, made.machine)) == count
