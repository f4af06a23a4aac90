import pytest
from made_machine import BARE, MadeMachine

from vcam.doctor.case import OK, WARNING, Case
from vcam.doctor.programs import check_daemon, check_obs


def test_without_obs_the_first_loopback_may_be_ours(made: MadeMachine) -> None:
    made.load_module()
    made.add_loopback()
    assert check_obs(made.machine) == []


def test_obs_with_a_loopback_of_its_own_is_fine(made: MadeMachine) -> None:
    made.load_module()
    made.put("/usr/bin/obs")
    made.add_loopback(10, "OBS Virtual Camera")
    made.add_loopback(42)
    assert [finding.level for finding in check_obs(made.machine)] == [OK]


ADD = 'sudo v4l2loopback-ctl add -n "OBS Virtual Camera" -x 1 /dev/video10'
RELOAD = (
    "sudo modprobe -r v4l2loopback && sudo modprobe v4l2loopback devices=3 video_nr=10,42,50"
    ' card_label="OBS Virtual Camera,SharpKD Camera,Another" exclusive_caps=1,1,1 max_buffers=4'
)


@pytest.mark.parametrize(("version", "fix"), [("0.12.7", RELOAD), ("0.15.0", ADD)])
def test_obs_that_would_take_ours_is_given_one(made: MadeMachine, version: str, fix: str) -> None:
    made.load_module(version)
    made.installed.add("v4l2loopback-ctl")
    made.put("/usr/bin/obs")
    made.add_loopback(42)
    made.add_loopback(50, "Another")
    (finding,) = check_obs(made.machine)
    assert (finding.level, finding.fix) == (WARNING, fix)


def test_whether_the_camera_runs_is_said() -> None:
    (stopped,) = check_daemon(Case(BARE))
    (running,) = check_daemon(Case(BARE, pid=7, status={"state": "idle: nobody watches"}))
    assert (stopped.level, running.level) == (OK, OK)
    assert running.message == "the camera runs (pid 7): idle: nobody watches"


@pytest.mark.parametrize(
    "state",
    [
        "waiting for output: /dev/video42 is busy",
        "waiting for camera: /dev/video0 hangs",
        "pass-through: the model failed",
        "running without its link: no encoder",
    ],
)
def test_a_state_that_names_a_cause_is_warned_of(state: str) -> None:
    (finding,) = check_daemon(Case(BARE, pid=7, status={"state": state}))
    assert (finding.level, state in finding.message) == (WARNING, True)


def test_what_the_camera_warns_of_is_a_finding_each() -> None:
    status = {"state": "running", "warnings": ["C920 delivers 12 fps of 30", "too slow"]}
    running, *warned = check_daemon(Case(BARE, pid=7, status=status))
    assert running.level == OK
    assert [(finding.level, finding.message) for finding in warned] == [
        (WARNING, "C920 delivers 12 fps of 30"),
        (WARNING, "too slow"),
    ]


def test_one_that_does_not_answer_is_restarted() -> None:
    (finding,) = check_daemon(Case(BARE, pid=7))
    assert (finding.level, finding.fix) == (WARNING, "sharpkd restart")
