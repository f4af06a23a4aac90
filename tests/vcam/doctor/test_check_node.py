import errno

import pytest
from fake_node import CAPTURE, OUTPUT, FakeNode
from made_machine import MadeMachine

from vcam.config import Config
from vcam.doctor.case import OK, PROBLEM, WARNING, Case, Finding
from vcam.doctor.node import check_node
from vcam.v4l2loopback.module import CARD, reload_command


def check(made: MadeMachine, sink: str = "auto") -> list[Finding]:
    return check_node(Case(made.machine, Config(sink=sink)), made.machine)


def only(made: MadeMachine, sink: str = "auto") -> Finding:
    (finding,) = check(made, sink)
    return finding


def test_without_the_module_nothing_is_said_of_its_nodes(made: MadeMachine) -> None:
    assert check(made) == []


def test_a_module_without_our_card_is_loaded_again(made: MadeMachine) -> None:
    made.load_module("0.12.7")
    made.add_loopback(10, "OBS Virtual Camera")
    finding = only(made)
    assert (finding.level, finding.fix) == (PROBLEM, reload_command({10: "OBS Virtual Camera", 42: CARD}))
    assert 'video10 "OBS Virtual Camera"' in finding.message


def test_from_0_13_a_camera_is_added_at_a_free_number(made: MadeMachine) -> None:
    made.load_module("0.15.0")
    made.installed.add("v4l2loopback-ctl")
    assert only(made).fix == 'sudo v4l2loopback-ctl add -n "SharpKD Camera" -x 1 /dev/video42'
    made.add_loopback(42, "Somebody's")
    assert only(made).fix.endswith(" /dev/video43")


def test_0_12_7_cannot_add_one_though_its_tool_is_there(made: MadeMachine) -> None:
    made.load_module("0.12.7")
    made.installed.add("v4l2loopback-ctl")
    assert only(made).fix == reload_command({42: CARD})


@pytest.mark.parametrize("caps", [CAPTURE, OUTPUT])
def test_a_node_that_is_one_of_both_is_exclusive(made: MadeMachine, caps: int) -> None:
    made.load_module("0.15.0", exclusive_caps="N,N")  # added later: the parameters are not its own
    made.add_loopback(caps=caps)
    assert (only(made).level, "with exclusive_caps" in only(made).message) == (OK, True)


def test_a_node_that_is_both_is_not(made: MadeMachine) -> None:
    made.load_module("0.12.7", exclusive_caps="Y,N")
    made.add_loopback(caps=CAPTURE | OUTPUT)
    assert (only(made).level, only(made).fix) == (PROBLEM, reload_command({42: CARD}))


def test_to_load_it_again_keeps_the_other_cameras(made: MadeMachine) -> None:
    made.load_module("0.12.7", max_buffers="1")
    made.add_loopback(0, "Intel MIPI Camera")
    made.add_loopback(42)
    assert check(made)[-1].fix == reload_command({0: "Intel MIPI Camera", 42: CARD})


def test_a_node_that_is_neither_is_freed_by_a_start(made: MadeMachine) -> None:
    made.load_module("0.12.7")
    made.add_loopback(caps=0)
    assert (only(made).level, only(made).fix) == (WARNING, "sharpkd restart")


def test_another_driver_is_no_v4l2loopback(made: MadeMachine) -> None:
    made.load_module()
    node = made.add_loopback()
    made.kernel.nodes[str(node)].driver = "akvcam"
    assert (only(made).level, "driven by akvcam" in only(made).message) == (PROBLEM, True)


@pytest.mark.parametrize(
    ("parameters", "level"),
    [
        ({"video_nr": "10,42,-1", "exclusive_caps": "N,Y,N"}, OK),
        ({"video_nr": "10,42,-1", "exclusive_caps": "Y,N,N"}, PROBLEM),
        ({"video_nr": "-1,-1,-1", "exclusive_caps": "N,Y,N"}, OK),  # by its place among the nodes
        ({"video_nr": "-1,-1,-1", "exclusive_caps": "Y,N,N"}, PROBLEM),
    ],
)
def test_a_node_that_may_not_be_asked_is_judged_by_the_parameters_of_its_place(
    made: MadeMachine, parameters: dict[str, str], level: str
) -> None:
    made.load_module("0.12.7", **parameters)
    made.add_loopback(10, "Another")
    made.kernel.refusals[str(made.add_loopback())] = errno.EACCES
    assert only(made).level == level


def test_of_one_that_was_added_later_the_parameters_say_nothing(made: MadeMachine) -> None:
    made.load_module("0.15.0", video_nr="10,-1", exclusive_caps="Y,N")
    made.kernel.refusals[str(made.add_loopback())] = errno.EACCES
    assert check(made) == []


@pytest.mark.parametrize(("buffers", "expected"), [("1", [OK, WARNING]), ("4", [OK])])
def test_one_buffer_is_too_few(made: MadeMachine, buffers: str, expected: list[str]) -> None:
    made.load_module(max_buffers=buffers)
    made.add_loopback()
    assert [finding.level for finding in check(made)] == expected


def test_a_node_that_the_settings_name_is_looked_at_whatever_its_label(made: MadeMachine) -> None:
    made.load_module("0.15.0")
    node = made.add_loopback(10, "My Cam", CAPTURE)
    assert (only(made).level, only(made, "/dev/video10").level) == (PROBLEM, OK)
    assert only(made, "/dev/video10").message == f'{node} is "My Cam", with exclusive_caps'


def test_to_load_it_again_keeps_the_node_that_the_settings_name(made: MadeMachine) -> None:
    made.load_module("0.12.7")
    made.add_loopback(10, "My Cam", CAPTURE | OUTPUT)
    assert only(made, "/dev/video10").fix == reload_command({10: "My Cam"})


@pytest.mark.parametrize(
    ("version", "fix"),
    [
        ("0.12.7", reload_command({10: CARD, 42: CARD})),
        ("0.15.0", 'sudo v4l2loopback-ctl add -n "SharpKD Camera" -x 1 /dev/video10'),
    ],
)
def test_a_node_that_the_settings_name_is_made_where_it_lacks(
    made: MadeMachine, version: str, fix: str
) -> None:
    made.load_module(version)
    made.installed.add("v4l2loopback-ctl")
    made.add_loopback(42)
    finding = only(made, "/dev/video10")
    assert (finding.level, finding.fix) == (PROBLEM, fix)
    assert f"no camera at {made.root}/dev/video10: found" in finding.message


@pytest.mark.parametrize("sink", ["/dev/video0", "/dev/videocamera"])
def test_where_no_v4l2loopback_can_be_made_the_settings_are_fixed(made: MadeMachine, sink: str) -> None:
    made.load_module()
    made.add_node(0, FakeNode())
    assert only(made, sink).fix == "sharpkd set sink auto --save && sharpkd restart"
