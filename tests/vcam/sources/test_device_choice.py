from dataclasses import replace
from pathlib import Path

import pytest
from manual_time import ManualTime

from vcam.errors import SourceError
from vcam.sources.device_choice import DeviceChoice
from vcam.sources.devices import CaptureDevice, find_device

BY_ID = Path("/dev/v4l/by-id")
OURS = CaptureDevice(Path("/dev/video42"), "SharpKD Camera", None, True, fault="it is ours")
PHONE = CaptureDevice(Path("/dev/video9"), "DroidCam", None, True)


def webcam(number: int, name: str, link: str = "") -> CaptureDevice:
    return CaptureDevice(Path(f"/dev/video{number}"), name, BY_ID / link if link else None, False)


BUILT_IN = webcam(0, "Integrated", "integrated")
C920 = webcam(2, "C920", "c920")


class Desk:
    """What is plugged in now, and who is asked for `auto`."""

    def __init__(self, *plugged: CaptureDevice, used: CaptureDevice | None = None) -> None:
        self.plugged = list(plugged)
        self.time = ManualTime()
        self.steady = DeviceChoice(lambda: self.plugged, self.time.clock, lambda: used)

    @property
    def chosen(self) -> CaptureDevice:
        return find_device("auto", self.steady())

    def refusal(self) -> str:
        with pytest.raises(SourceError) as raised:
            self.steady()
        return str(raised.value)


def test_the_first_real_camera_is_taken_at_first() -> None:
    assert Desk(OURS, C920).chosen == C920


def test_the_camera_in_use_stays_though_another_is_listed_before_it() -> None:
    desk = Desk(C920)
    assert desk.chosen == C920
    desk.plugged = [BUILT_IN, C920]
    assert desk.chosen == C920


def test_a_pulled_cable_does_not_jump_to_another_camera() -> None:
    desk = Desk(C920)
    assert desk.chosen == C920
    desk.plugged = [BUILT_IN]
    assert desk.refusal() == "C920 is gone: plug it in again; after about 15 s another camera is taken"
    desk.time.sleep(9.9)
    desk.refusal()
    desk.plugged = [BUILT_IN, C920]
    assert desk.chosen == C920


def test_a_camera_that_comes_back_by_another_number_is_the_same() -> None:
    desk = Desk(BUILT_IN, C920)
    desk.plugged = [C920]
    assert desk.chosen == C920
    again = webcam(5, "C920", "c920")
    desk.plugged = [BUILT_IN, again]
    assert desk.chosen == again


def test_without_a_link_a_camera_is_known_by_its_name() -> None:
    desk = Desk(webcam(2, "C920"))
    assert desk.chosen.path == Path("/dev/video2")
    desk.plugged = [BUILT_IN, webcam(3, "C920")]
    assert desk.chosen.path == Path("/dev/video3")


def test_a_link_that_udev_makes_later_or_again_makes_no_other_camera() -> None:
    desk = Desk(webcam(2, "C920"))
    assert desk.chosen.name == "C920"
    for camera in (C920, webcam(2, "C920"), C920):
        desk.plugged = [BUILT_IN, camera]
        assert desk.chosen == camera


def test_two_of_a_kind_are_told_apart_by_their_links() -> None:
    desk = Desk(webcam(2, "C920", "c920-b"))
    assert desk.chosen.stable_id == BY_ID / "c920-b"
    desk.plugged = [webcam(1, "C920", "c920-a"), webcam(2, "C920", "c920-b")]
    assert desk.chosen.stable_id == BY_ID / "c920-b"


def test_after_ten_seconds_another_one_is_taken_and_stayed_with() -> None:
    desk = Desk(C920)
    assert desk.chosen == C920
    desk.plugged = [BUILT_IN]
    desk.refusal()
    desk.time.sleep(10)
    assert desk.chosen == BUILT_IN
    desk.plugged = [C920, BUILT_IN]
    assert desk.chosen == BUILT_IN


def test_the_next_call_waits_for_no_camera_of_the_last_one() -> None:
    desk = Desk(C920)
    assert desk.chosen == C920
    desk.plugged = [BUILT_IN]
    desk.refusal()
    desk.steady.begin_call()
    assert desk.chosen == BUILT_IN
    desk.plugged = [C920]
    desk.refusal()
    desk.time.sleep(9)
    desk.refusal()


def test_each_absence_is_waited_for_again() -> None:
    desk = Desk(C920)
    for _ in range(3):
        desk.plugged = [C920]
        assert desk.chosen == C920
        desk.plugged = [BUILT_IN]
        desk.refusal()
        desk.time.sleep(8)
        desk.refusal()


def test_where_there_is_no_other_the_old_one_is_waited_for_without_end() -> None:
    desk = Desk(C920)
    assert desk.chosen == C920
    desk.plugged = [OURS]
    desk.refusal()
    desk.time.sleep(86400)
    assert desk.refusal() == "C920 is gone: plug it in again"
    desk.plugged = [OURS, C920]
    assert desk.chosen == C920


def test_our_own_output_is_never_taken() -> None:
    desk = Desk(OURS)
    for _ in range(3):
        with pytest.raises(SourceError, match="no camera found"):
            find_device("auto", desk.steady())
        desk.time.sleep(60)


def test_the_camera_that_was_used_last_comes_before_the_first() -> None:
    assert Desk(BUILT_IN, C920, used=C920).chosen == C920


def test_a_camera_that_was_used_last_is_not_waited_for() -> None:
    assert Desk(BUILT_IN, used=C920).chosen == BUILT_IN


def test_a_phone_whose_program_ends_is_waited_for_and_says_what_to_start() -> None:
    desk = Desk(PHONE)
    assert desk.chosen == PHONE
    desk.plugged = [BUILT_IN, replace(PHONE, fault="no program feeds it")]
    assert desk.refusal() == (
        "DroidCam (/dev/video9): no program feeds it; after about 15 s another camera is taken"
    )
    desk.plugged = [BUILT_IN, PHONE]
    assert desk.chosen == PHONE
