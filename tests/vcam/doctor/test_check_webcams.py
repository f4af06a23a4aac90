import errno
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fake_node import CAPTURE, IO_MC, OUTPUT, FakeNode
from made_machine import MadeMachine

from vcam.config import Config
from vcam.doctor.case import OK, PROBLEM, WARNING, Case, Finding
from vcam.doctor.webcams import Rates, check_webcams, measure_rate
from vcam.errors import SourceError
from vcam.frame import Size
from vcam.sources import CaptureDevice, WebcamSource
from vcam.sources.negotiation import MJPG
from vcam.v4l2.modes import EXPOSURE_DYNAMIC_FRAMERATE

MJPG_720P = {"MJPG": {(1280, 720): [(1001, 30000)]}, "YUYV": {(1280, 720): [(1, 10)]}}


def webcam(**changes: int) -> FakeNode:
    return FakeNode(
        pictures=dict(MJPG_720P), controls={EXPOSURE_DYNAMIC_FRAMERATE: changes.get("dynamic", 0)}
    )


def check(
    made: MadeMachine, rates: Rates = (30.0, 30.0), pid: int | None = None, is_quick: bool = False
) -> list[Finding]:
    case = Case(made.machine, pid=pid, is_quick=is_quick)
    return check_webcams(case, made.machine, lambda camera, config: rates)


def test_no_webcam_is_a_warning_since_there_are_other_sources(made: MadeMachine) -> None:
    made.add_loopback()
    (finding,) = check(made)
    assert (finding.level, finding.fix) == (WARNING, "sharpkd set source sample --save")


def test_a_webcam_that_does_as_it_promises_is_fine(made: MadeMachine) -> None:
    path = made.add_node(0, webcam(dynamic=1))
    assert check(made, (29.4, 30.0)) == [
        Finding("camera", OK, f"C920 ({path}) gives MJPG 1280x720 29.97 fps"),
        Finding("camera", OK, f"C920 ({path}) delivers 29.4 fps of the promised 30"),
    ]
    assert not made.kernel.opened


def test_half_the_rate_in_dim_light_has_a_command(made: MadeMachine) -> None:
    path = made.add_node(0, webcam(dynamic=1))
    finding = check(made, (15.0, 30.0))[1]
    assert (finding.level, "15.0 fps of the promised 30" in finding.message) == (PROBLEM, True)
    assert finding.fix == f"v4l2-ctl -d {path} --set-ctrl exposure_dynamic_framerate=0"


def test_half_the_rate_for_another_reason_is_a_warning(made: MadeMachine) -> None:
    made.add_node(0, webcam(dynamic=0))
    finding = check(made, (15.0, 30.0))[1]
    assert (finding.level, finding.fix) == (WARNING, "")


def test_a_camera_without_the_wanted_mjpg_names_its_best(made: MadeMachine) -> None:
    pictures = {"YUYV": {(640, 480): [(1, 30)], (1280, 720): [(1, 10)]}}
    made.add_node(0, FakeNode(pictures=pictures))
    finding = check(made)[0]
    assert finding.level == WARNING
    assert (
        "does not give MJPG 1280x720 30 fps; the best of its 2 modes is YUYV 640x480 30 fps"
        in finding.message
    )


def test_a_camera_that_reaches_the_rate_raw_is_fine(made: MadeMachine) -> None:
    made.add_node(0, FakeNode(pictures={"YUYV": {(1280, 720): [(1, 30)]}, "MJPG": {(640, 480): [(1, 30)]}}))
    finding = check(made)[0]
    assert (finding.level, "gives YUYV 1280x720 30 fps" in finding.message) == (OK, True)


def test_the_best_of_many_modes_is_the_largest_that_is_fast_enough(made: MadeMachine) -> None:
    pictures = {"YUYV": {(320, 180): [(1, 60)], (640, 480): [(1, 30)], (1920, 1080): [(1, 5)]}}
    made.add_node(0, FakeNode(pictures=pictures))
    assert check(made)[0].message.endswith("the best of its 3 modes is YUYV 640x480 30 fps")


def test_a_camera_that_lists_nothing_is_a_warning(made: MadeMachine) -> None:
    made.add_node(0, FakeNode())
    assert (check(made)[0].level, "lists no pictures" in check(made)[0].message) == (WARNING, True)


def test_a_camera_that_our_daemon_has_is_not_measured(made: MadeMachine) -> None:
    made.open_by(7, "python3", made.add_node(0, webcam()))
    finding = check(made, (0.0, 30.0), pid=7)[1]
    assert (finding.level, "in use by the running camera" in finding.message) == (OK, True)


def test_another_program_that_has_it_is_named(made: MadeMachine) -> None:
    made.open_by(99, "zoom", made.add_node(0, webcam()))
    finding = check(made, (0.0, 30.0), pid=7)[1]
    assert (finding.level, "in use by zoom (pid 99)" in finding.message) == (WARNING, True)


@pytest.mark.parametrize("broker", ["wireplumber", "pipewire", "pipewire-media-"])
def test_a_broker_that_holds_it_open_without_streaming_is_no_user(made: MadeMachine, broker: str) -> None:
    made.open_by(99, broker, made.add_node(0, webcam()))
    finding = check(made, (29.4, 30.0))[1]
    assert (finding.level, "delivers 29.4 fps" in finding.message) == (OK, True)


def test_quick_measures_nothing_and_says_so(made: MadeMachine) -> None:
    made.add_node(0, webcam())
    finding = check(made, (0.0, 30.0), is_quick=True)[1]
    assert (finding.level, "--quick" in finding.message) == (OK, True)


def test_a_camera_without_pictures_is_a_problem(made: MadeMachine) -> None:
    def fail(camera: CaptureDevice, config: Config) -> Rates:
        raise SourceError(f"{camera.path} is busy")

    path = made.add_node(0, webcam())
    finding = check_webcams(Case(made.machine), made.machine, fail)[1]
    assert (finding.level, finding.fix) == (PROBLEM, f"sudo fuser -v {path}")


def test_one_that_may_not_be_opened_is_left_to_the_check_of_permissions(made: MadeMachine) -> None:
    made.kernel.refusals[str(made.add_node(0, webcam()))] = errno.EACCES
    assert check(made) == []


def test_every_webcam_is_looked_at(made: MadeMachine) -> None:
    paths: list[Path] = [made.add_node(number, webcam()) for number in (0, 2)]
    said = " ".join(finding.message for finding in check(made))
    assert all(str(path) in said for path in paths)


class Slow:
    """An OpenCV capture that promises 30 fps and gives 15, the first frames even later."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.count = 0

    def isOpened(self) -> bool:  # noqa: N802
        return True

    def set(self, propId: int, value: float) -> bool:  # noqa: N803
        return True

    def get(self, propId: int) -> float:  # noqa: N803
        sides = {cv2.CAP_PROP_FRAME_WIDTH: 64.0, cv2.CAP_PROP_FRAME_HEIGHT: 48.0}
        return {**sides, cv2.CAP_PROP_FOURCC: float(MJPG), cv2.CAP_PROP_FPS: 30.0}[propId]

    def grab(self) -> bool:
        self.count += 1
        self.now_ns += 66_666_667 if self.count > 5 else 300_000_000
        return True

    def retrieve(self) -> tuple[bool, Any]:
        return True, np.zeros((48, 64, 3), np.uint8)

    def release(self) -> None:
        pass


def test_the_rate_is_that_of_the_program_once_the_exposure_is_found(tmp_path: Path) -> None:
    slow, camera = Slow(), CaptureDevice(tmp_path / "video0", "C920", None, False)

    def make(device: str, size: Size, fps: float) -> WebcamSource:
        return WebcamSource(
            device,
            size,
            fps,
            open_capture=lambda *_: slow,
            cameras=lambda: [camera],
            clock=lambda: slow.now_ns,
        )

    measured, promised = measure_rate(camera, Config(), make)
    assert promised == 30
    assert measured == pytest.approx(15, rel=0.01)


@pytest.mark.parametrize("fps", [30, 60])
def test_the_rate_that_is_configured_is_asked_for(made: MadeMachine, fps: int) -> None:
    made.add_node(0, webcam())
    case = Case(made.machine, Config(fps=fps), is_quick=True)
    assert check_webcams(case, made.machine)[0].level == (OK if fps == 30 else WARNING)


def test_a_phone_that_is_fed_is_a_camera_and_its_rate_is_its_programs(made: MadeMachine) -> None:
    path = made.add_loopback(9, "DroidCam", CAPTURE)
    assert check(made, (10.0, 30.0)) == [
        Finding(
            "camera",
            OK,
            f"DroidCam ({path}) is a virtual camera that a program feeds with YU12 1280x720 30 fps",
        ),
        Finding(
            "camera",
            WARNING,
            f"DroidCam ({path}) delivers 10.0 fps of the promised 30: check the program that feeds it",
        ),
    ]


def test_a_phone_whose_program_does_not_run_says_so(made: MadeMachine) -> None:
    made.add_node(0, webcam())
    path = made.add_loopback(9, "DroidCam", OUTPUT)
    finding = check(made)[-1]
    assert (finding.level, finding.fix) == (OK, "")
    assert finding.message.startswith(f"`auto` passes DroidCam ({path}) by: no program feeds it")


def test_our_own_node_is_not_among_the_cameras_whatever_its_label(made: MadeMachine) -> None:
    made.add_loopback()
    made.add_node(0, webcam())
    other = made.add_loopback(9, "Dummy", CAPTURE)
    case = Case(made.machine, Config(sink="/dev/video9"), is_quick=True)
    messages = [finding.message for finding in check_webcams(case, made.machine)]
    assert not any("SharpKD" in message or str(other) in message for message in messages)


def test_dozens_of_nodes_of_a_bare_sensor_are_one_finding(made: MadeMachine) -> None:
    for number in range(12):
        node = FakeNode("isys", f"Intel IPU6 ISYS Capture {number}", CAPTURE | IO_MC, dict(MJPG_720P))
        made.add_node(number, node, f"pci0/ipu6/{number}")
    relay = made.add_loopback(50, "Intel MIPI Camera", CAPTURE)
    findings = check(made)
    assert [str(relay) in finding.message for finding in findings] == [True, True, False]
    assert "Intel IPU6 ISYS Capture 0" in findings[-1].message
    assert "needs libcamera" in findings[-1].message
