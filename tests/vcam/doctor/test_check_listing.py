import errno

import pytest
from fake_node import CAPTURE, OUTPUT
from made_machine import MadeMachine

from vcam.config import Config
from vcam.doctor.case import OK, PROBLEM, WARNING, Case, Finding
from vcam.doctor.programs import check_listing
from vcam.v4l2loopback.module import CARD, reload_command


def check(made: MadeMachine, pid: int | None = None, sink: str = "/dev/video42") -> list[Finding]:
    case = Case(made.machine, pid=pid, status={"sink": sink} if pid else {})
    return check_listing(case, made.machine)


def test_a_node_that_is_not_there_or_closed_to_us_is_not_judged(made: MadeMachine) -> None:
    assert check(made) == []
    made.kernel.refusals[str(made.add_loopback())] = errno.EACCES
    assert check(made) == []


def test_a_node_that_somebody_writes_to_is_listed(made: MadeMachine) -> None:
    node = made.add_loopback(caps=CAPTURE)
    assert check(made, 7) == [
        Finding("listing", OK, f"Chrome and Edge list {node}: YU12 1280x720 30 fps"),
        Finding("listing", OK, f"Firefox lists {node}: 1280x720"),
    ]
    assert not made.kernel.opened


def test_before_the_camera_runs_no_program_lists_it(made: MadeMachine) -> None:
    made.add_loopback(caps=OUTPUT)
    (finding,) = check(made)
    assert (finding.level, finding.fix) == (WARNING, "sharpkd start")


def test_a_camera_that_runs_and_delivers_nothing_is_a_problem(made: MadeMachine) -> None:
    made.add_loopback(caps=OUTPUT)
    (finding,) = check(made, 7)
    assert (finding.level, finding.fix) == (PROBLEM, "sharpkd restart")


def test_a_camera_that_was_told_to_give_its_node_back_takes_it_again_when_resumed(made: MadeMachine) -> None:
    node = made.add_loopback(caps=OUTPUT)
    status = {"state": "paused: the output is released", "sink": f"SharpKD Camera ({node})"}
    (finding,) = check_listing(Case(made.machine, pid=7, status=status), made.machine)
    assert (finding.level, finding.fix) == (WARNING, "sharpkd resume")


def test_a_camera_that_publishes_elsewhere_is_told_to_publish_here(made: MadeMachine) -> None:
    made.add_loopback(caps=OUTPUT)
    (finding,) = check(made, 7, "preview")
    assert (finding.level, "publishes to preview" in finding.message) == (WARNING, True)


def test_a_node_that_can_be_written_and_read_is_not_listed_by_chrome(made: MadeMachine) -> None:
    made.add_loopback(caps=CAPTURE | OUTPUT)
    assert check(made, 7)[0].level == PROBLEM
    assert check(made, 7)[0].fix == reload_command({42: CARD})


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        ({"GREY": {(1280, 720): [(1, 30)]}}, "its pictures are GREY, expected YU12 or YUYV"),
        ({}, "its pictures are none"),
    ],
)
def test_a_picture_that_chrome_does_not_know_is_not_listed(
    made: MadeMachine, pictures: dict[str, dict[tuple[int, int], list[tuple[int, int]]]], message: str
) -> None:
    node = made.add_loopback(caps=CAPTURE)
    made.kernel.nodes[str(node)].pictures = pictures
    finding = check(made, 7)[0]
    assert (finding.level, message in finding.message) == (PROBLEM, True)


def test_a_range_of_sizes_is_not_listed_by_chrome(made: MadeMachine) -> None:
    node = made.add_loopback(caps=CAPTURE)
    made.kernel.nodes[str(node)].pictures = {"YU12": {(8192, 8192): []}}
    made.kernel.nodes[str(node)].span = ((2, 2), (8192, 8192))
    finding = check(made, 7)[0]
    assert (finding.level, "a range of sizes" in finding.message) == (PROBLEM, True)


@pytest.mark.parametrize("size", [(640, 360), (960, 540)])
def test_firefox_finds_no_picture_of_an_odd_size(made: MadeMachine, size: tuple[int, int]) -> None:
    node = made.add_loopback(caps=CAPTURE)
    made.kernel.nodes[str(node)].pictures = {"YU12": {size: [(1, 30)]}}
    chromium, firefox = check(made, 7)
    assert (chromium.level, firefox.level) == (OK, WARNING)
    assert firefox.fix == "sharpkd set size 1280x720 --save && sharpkd restart"


def test_the_node_that_the_settings_name_is_asked(made: MadeMachine) -> None:
    made.add_loopback(42, caps=OUTPUT)
    node = made.add_loopback(10, "My Cam", CAPTURE)
    case = Case(made.machine, Config(sink="/dev/video10"), 7, {"sink": f"SharpKD Camera ({node})"})
    assert [finding.level for finding in check_listing(case, made.machine)] == [OK, OK]
