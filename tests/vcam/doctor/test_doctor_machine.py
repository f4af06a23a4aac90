import os
import sys

import pytest
from fake_node import CAPTURE, FakeNode
from made_machine import MadeMachine

from vcam.doctor import machine
from vcam.doctor.machine import run_program, this_machine


def test_a_program_says_what_it_prints_to_both_outputs_in_english() -> None:
    look = "import os, sys; print(os.environ['LC_ALL']); print('bad', file=sys.stderr); sys.exit(3)"
    said = run_program(sys.executable, "-c", look)
    assert said is not None
    assert sorted(said.split()) == ["C", "bad"]


def test_a_program_that_is_not_there_says_nothing() -> None:
    assert run_program("/nowhere/mokutil", "--test-key") is None


def test_a_program_that_does_not_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "RUN_S", 0.05)
    assert run_program("sleep", "60") is None


def test_webcams_come_before_virtual_cameras(made: MadeMachine) -> None:
    phone = made.add_loopback(0, "DroidCam", CAPTURE)
    webcam = made.add_node(1, FakeNode())
    made.add_node(2, FakeNode(caps=0x00800000))  # a metadata node
    assert [camera.path for camera in made.machine.webcams()] == [webcam, phone]


def test_holders_are_processes_that_have_the_node_open(made: MadeMachine) -> None:
    node = made.add_node(0, FakeNode())
    made.open_by(99, "zoom", node)
    made.open_by(12, "other", made.root / "dev/video10")
    made.put("/proc/13/comm", "hidden\n")
    assert made.machine.holders(node) == [(99, "zoom")]


def test_a_file_that_cannot_be_read_is_none(made: MadeMachine) -> None:
    assert made.machine.read("/nowhere") is None
    assert made.machine.read("/etc") is None


def test_the_real_machine_is_this_one() -> None:
    real = this_machine()
    assert real.release == os.uname().release
    assert os.getegid() in real.groups
    assert real.try_open(real.path("/dev/null")) is None
