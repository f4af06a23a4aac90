"""The doctor's findings, as clients of the running camera read them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from children import run_together

from vcam.camera.parts import Chain
from vcam.config import Config
from vcam.control.status import Status
from vcam.daemon.diagnosis import FRESH_S, Diagnosis
from vcam.doctor.machine import Machine
from vcam.paths import Paths


@dataclass
class Said:
    """A status as far as checks read it."""

    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        return {"state": "running", "sink": "null", "warnings": self.warnings}


@dataclass
class Patient:
    """A camera on a machine without anything; counts how often it is examined."""

    now_s: float = 100.0
    looks: int = 0
    said: Said = field(default_factory=Said)

    def status(self) -> Status:
        self.looks += 1
        return cast(Status, self.said)

    def machine(self) -> Machine:
        nowhere = Path("/nonexistent")
        return Machine(
            nowhere, nowhere, "6.1.0", "ann", frozenset(), run=lambda *words: None, which=lambda n: None
        )

    def diagnose(self, paths: Paths) -> Diagnosis:
        chain = Chain(None, None)
        return Diagnosis(paths, self.status, Config, lambda: chain, self.machine, lambda: self.now_s)


def findings(diagnosis: Diagnosis) -> list[dict[str, Any]]:
    found: Any = diagnosis.as_json()["findings"]
    return found


def test_each_finding_has_a_level_a_title_and_what_to_copy(paths: Paths) -> None:
    found = findings(Patient(said=Said(("no output: busy",))).diagnose(paths))
    assert {"level": "warning", "title": "Daemon", "detail": "no output: busy", "command": ""} in found
    assert {one["level"] for one in found} >= {"ok", "error"}
    assert all(set(one) == {"level", "title", "detail", "command"} for one in found)
    assert any("modprobe" in one["command"] or "install" in one["command"] for one in found)


def test_a_broken_file_is_told_without_its_folder(paths: Paths) -> None:
    paths.config.parent.mkdir(parents=True)
    paths.config.write_text("fps = 1000\n")
    first = findings(Patient().diagnose(paths))[0]
    assert (first["level"], first["title"], first["command"]) == ("error", "Settings", "sharpkd doctor")


def test_an_answer_is_given_again_for_some_seconds(paths: Paths) -> None:
    patient = Patient()
    diagnosis = patient.diagnose(paths)
    for _ in range(5):
        findings(diagnosis)
    assert patient.looks == 1
    patient.now_s += FRESH_S
    findings(diagnosis)
    assert patient.looks == 2


def test_two_clients_share_one_examination(paths: Paths) -> None:
    patient = Patient()
    diagnosis = patient.diagnose(paths)
    run_together(*[diagnosis.as_json] * 4)
    assert patient.looks == 1
