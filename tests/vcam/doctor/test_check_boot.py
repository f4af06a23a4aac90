import pytest
from made_machine import MadeMachine

from vcam.config import Config
from vcam.doctor.boot import check_boot
from vcam.doctor.case import OK, WARNING, Case, Finding

OPTIONS = 'options v4l2loopback devices=1 video_nr=42 card_label="SharpKD Camera" exclusive_caps=1\n'


def check(made: MadeMachine, sink: str = "auto") -> list[Finding]:
    return check_boot(Case(made.machine, Config(sink=sink)), made.machine)


def test_a_camera_that_is_not_there_now_is_not_asked_for_later(made: MadeMachine) -> None:
    assert check(made) == []


@pytest.mark.parametrize(
    "place", ["/etc/modules-load.d/sharpkd.conf", "/usr/lib/modules-load.d/v4l2.conf", "/etc/modules"]
)
def test_what_is_loaded_with_our_name_is_there_after_a_reboot(made: MadeMachine, place: str) -> None:
    made.load_module()
    made.put(place, "# cameras\nv4l2loopback\n")
    made.put("/etc/modprobe.d/sharpkd.conf", OPTIONS)
    assert [finding.level for finding in check(made)] == [OK]


@pytest.mark.parametrize("name", ["v4l2-relayd.conf", "v4l2loopback.conf"])
def test_a_file_that_comes_later_and_names_others_is_named(made: MadeMachine, name: str) -> None:
    made.load_module()
    made.put("/etc/modules-load.d/sharpkd.conf", "v4l2loopback\n")
    made.put("/etc/modprobe.d/sharpkd.conf", OPTIONS)
    made.put(f"/usr/lib/modprobe.d/{name}", 'options v4l2loopback card_label="Intel MIPI Camera"\n')
    (finding,) = check(made)
    assert (finding.level, finding.fix) == (WARNING, "sharpkd install")
    assert f"{made.root}/usr/lib/modprobe.d/{name} has the last word" in finding.message
    assert "Intel MIPI Camera" in finding.message


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("obs.conf", 'options v4l2loopback card_label="OBS Virtual Camera"\n'),
        ("v4l2loopback.conf", 'options v4l2loopback card_label="OBS Virtual Camera,SharpKD Camera"\n'),
        ("v4l2loopback.conf", "options v4l2loopback exclusive_caps=1\n"),
    ],
)
def test_a_file_that_comes_earlier_or_names_us_does_no_harm(made: MadeMachine, name: str, line: str) -> None:
    made.load_module()
    made.put("/etc/modules-load.d/sharpkd.conf", "v4l2loopback\n")
    made.put("/etc/modprobe.d/sharpkd.conf", OPTIONS)
    made.put(f"/etc/modprobe.d/{name}", line)
    assert [finding.level for finding in check(made)] == [OK]


@pytest.mark.parametrize(
    ("loads", "options", "message"),
    [
        ("", "", "loads v4l2loopback, and nothing in /etc/modprobe.d"),
        (
            "v4l2loopback\n",
            'options v4l2loopback card_label="OBS Virtual Camera"\n',
            "nothing in /etc/modprobe.d",
        ),
        ("#v4l2loopback\n", OPTIONS, "nothing in /etc/modules-load.d"),
        ("v4l2loopback\n", f"#{OPTIONS}", "nothing in /etc/modprobe.d"),
    ],
)
def test_what_is_missing_for_a_reboot_is_named(
    made: MadeMachine, loads: str, options: str, message: str
) -> None:
    made.load_module()
    made.put("/etc/modules-load.d/a.conf", loads)
    made.put("/etc/modprobe.d/a.conf", options)
    (finding,) = check(made)
    assert (finding.level, finding.fix) == (WARNING, "sharpkd install")
    assert message in finding.message


def test_a_node_of_the_user_s_own_is_the_user_s_to_keep(made: MadeMachine) -> None:
    made.load_module()
    made.add_loopback(10, "My Cam")
    made.add_loopback(42)
    assert check(made, "/dev/video10") == []
    assert [finding.level for finding in check(made, "/dev/video42")] == [WARNING]
