import errno
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from fake_capture import FakeCapture
from fake_controls import FakeControls
from manual_time import ManualTime

from vcam.deadline import NoAnswerError
from vcam.sources.controls import NO_REGION, Tables, apply_tables, controls_of, wanted_of
from vcam.sources.devices import CaptureDevice
from vcam.sources.webcam import WebcamSource

C920 = CaptureDevice(
    Path("/dev/video0"), "HD Pro Webcam C920", Path("/dev/v4l/by-id/usb-C920"), is_loopback=False
)


def test_a_table_means_a_camera_as_the_source_does() -> None:
    tables: Tables = {
        "C920": {"gain": 1, "brightness": 2},
        "/dev/video0": {"gain": 3},
        "Brio": {"gain": 4},
        "/dev/v4l/by-id/usb-C920": {"sharpness": 5},
    }
    assert wanted_of(C920, tables) == {"gain": 3, "brightness": 2, "sharpness": 5}


def test_controls_are_set_on_the_camera_and_its_node_closed() -> None:
    kernel = FakeControls()
    assert apply_tables(C920, {"C920": {"gain": 77}}, kernel) == ()
    assert kernel.value_of("Gain") == 77
    assert (kernel.opened, kernel.closed) == (1, 1)


def test_a_camera_without_a_table_is_not_opened() -> None:
    kernel = FakeControls()
    assert apply_tables(C920, {"Brio": {"gain": 77}}, kernel) == ()
    assert kernel.opened == 0


@pytest.mark.parametrize(("hz", "value"), [(50, 1), (60, 2)])
def test_the_mains_may_be_the_regions(hz: int, value: int) -> None:
    kernel = FakeControls()
    apply_tables(C920, {"C920": {"power_line_frequency": "region"}}, kernel, lambda: hz)
    assert kernel.value_of("Power Line Frequency") == value


def test_a_region_that_tells_nothing_keeps_no_other_control_from_being_set() -> None:
    kernel = FakeControls()
    tables: Tables = {"C920": {"power_line_frequency": "region", "gain": 9}}
    assert apply_tables(C920, tables, kernel, lambda: None) == (f"{C920.name}: {NO_REGION}",)
    assert kernel.value_of("Gain") == 9


def test_a_driver_that_gives_no_answer_is_a_sentence_that_says_how_long_it_was_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wait_longer(limit_s: float, name: str, work: Callable[[], object]) -> None:
        raise NoAnswerError(4 * limit_s, "no answer")

    monkeypatch.setattr("vcam.sources.controls.call_within", wait_longer)
    (sentence,) = apply_tables(C920, {"C920": {"gain": 9}}, FakeControls())
    assert sentence.endswith("its controls could not be set: its driver has not answered for 12 s")


@pytest.mark.parametrize("number", [errno.ENODEV, errno.EACCES, errno.EBUSY, errno.ETIMEDOUT])
def test_a_node_that_does_not_open_is_a_sentence(number: int) -> None:
    kernel = FakeControls()
    kernel.failure = number
    (found,) = apply_tables(C920, {"C920": {"gain": 9}}, kernel)
    assert found.startswith("HD Pro Webcam C920: its controls could not be set: ")
    assert controls_of(C920.path, kernel) == []


def test_the_controls_of_a_camera_are_listed() -> None:
    assert "gain" in {control.name for control in controls_of(C920.path, FakeControls())}


def test_controls_are_set_again_at_every_opening_and_their_faults_warned_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    applied: list[tuple[str, Mapping[str, object]]] = []

    def apply(device: CaptureDevice, tables: Tables) -> tuple[str, ...]:
        applied.append((device.name, tables))
        return ("C920: gain cannot be set",)

    time = ManualTime()
    tables: Tables = {"C920": {"gain": 1}}
    source = WebcamSource(
        "auto",
        open_capture=lambda device, backend: FakeCapture(time),
        cameras=lambda: [C920],
        clock=time.clock,
        controls=tables,
        apply=apply,
    )
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            with source:
                assert "C920: gain cannot be set" in source.warnings
    assert applied == [(C920.name, tables)] * 2
    assert "gain cannot be set" in caplog.text


def test_changed_controls_reach_the_open_camera_at_once() -> None:
    applied: list[Tables] = []

    def apply(device: CaptureDevice, tables: Tables) -> tuple[str, ...]:
        applied.append(tables)
        return ()

    time = ManualTime()
    source = WebcamSource(
        "auto",
        open_capture=lambda device, backend: FakeCapture(time),
        cameras=lambda: [C920],
        clock=time.clock,
        apply=apply,
    )
    with source:
        source.set_controls({"C920": {"gain": 2}})
    assert applied == [{}, {"C920": {"gain": 2}}]
