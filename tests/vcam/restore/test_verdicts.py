"""What is kept of engines, and when it is believed."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from stand_in import write_weights

from vcam.frame import Size
from vcam.manifest import ModelSpec, read_manifest
from vcam.restore.trial import Verdict
from vcam.restore.verdicts import Case, Verdicts, describe, describe_machine, fastest

FAST = Verdict("openvino", ms=4.0, core_ms=7.0, cpu_ms=8.0, cpu_core_ms=15.0, worst=1, open_ms=50.0)


class Tried(list[str]):
    """Tries no engine: says that each is fast."""

    def __call__(self, name: str, spec: ModelSpec, folder: Path, size: Size, threads: int) -> Verdict:
        self.append(name)
        return replace(FAST, engine=name)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    write_weights(tmp_path / "weights", ["toy"])
    return Case(read_manifest(tmp_path / "weights")["toy"], tmp_path / "weights", (64, 48), 1)


@pytest.fixture
def verdicts(tmp_path: Path) -> Verdicts:
    return Verdicts(tmp_path / "cache" / "verdicts", Tried())


def test_an_engine_is_tried_once(tmp_path: Path, case: Case) -> None:
    tried = Tried()
    for _ in range(3):
        assert Verdicts(tmp_path, tried).find("openvino", case) == FAST
    assert tried == ["openvino"]
    Verdicts(tmp_path, tried).renew("openvino", case)
    assert tried == ["openvino", "openvino"]


def test_reading_tries_nothing(verdicts: Verdicts, case: Case) -> None:
    assert verdicts.read("openvino", case) is None


CHANGES: list[Callable[[Case, pytest.MonkeyPatch], Case]] = [
    lambda case, patch: replace(case, size=(64, 50)),
    lambda case, patch: replace(case, threads=2),
    lambda case, patch: replace(
        case, spec=replace(case.spec, files={"int8": replace(case.spec.files["int8"], sha256="0" * 64)})
    ),
    lambda case, patch: patch.setattr("onnxruntime.__version__", "9.9.9") or case,
    lambda case, patch: patch.setattr("vcam.restore.plugins.version", lambda name: "7.7") or case,
    lambda case, patch: patch.setattr("vcam.restore.verdicts.describe_machine", lambda: "another") or case,
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_verdict_holds_for_what_it_was_found_for(
    verdicts: Verdicts, case: Case, change: Callable[..., Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    verdicts.find("openvino", case)
    assert verdicts.read("openvino", case) == FAST
    assert verdicts.read("openvino", change(case, monkeypatch)) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"[" * 4000,
        b"{}",
        b"x" * 100_000,
        b'{"engine": "openvino", "fault": 3, "ms": 1, "core_ms": 1, "cpu_ms": 1, "cpu_core_ms": 1,'
        b' "worst": 1, "open_ms": 1, "is_absent": false}',
        b'{"engine": "openvino", "fault": "", "ms": -1, "core_ms": 1, "cpu_ms": 1, "cpu_core_ms": 1,'
        b' "worst": 1, "open_ms": 1, "is_absent": false}',
        b'{"engine": "openvino", "fault": "", "ms": NaN, "core_ms": 1, "cpu_ms": 1, "cpu_core_ms": 1,'
        b' "worst": 1, "open_ms": 1, "is_absent": false}',
        b'{"engine": "webgpu", "fault": "", "ms": 1, "core_ms": 1, "cpu_ms": 1, "cpu_core_ms": 1,'
        b' "worst": 1, "open_ms": 1, "is_absent": false}',
    ],
)
def test_a_file_that_is_corrupt_is_as_none(
    verdicts: Verdicts, case: Case, tmp_path: Path, content: bytes
) -> None:
    verdicts.find("openvino", case)
    (path,) = (tmp_path / "cache" / "verdicts").iterdir()
    path.write_bytes(content)
    assert verdicts.read("openvino", case) is None
    assert verdicts.find("openvino", case) == FAST


def test_where_nothing_can_be_kept_the_answer_is_still_given(tmp_path: Path, case: Case) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert Verdicts(tmp_path / "file" / "verdicts", Tried()).find("openvino", case) == FAST


def test_a_fault_is_forgotten_after_a_week_and_no_other_verdict(tmp_path: Path, case: Case) -> None:
    week_s = 7 * 86_400
    later = Verdicts(tmp_path, Tried(), now_s=lambda: time.time() + week_s + 60)
    for verdict in (
        FAST,
        Verdict("webgpu", "it gave no answer"),
        Verdict("openvino-npu", "none", is_absent=True),
    ):
        Verdicts(tmp_path).write(verdict, case)
        assert Verdicts(tmp_path).read(verdict.engine, case) == verdict
    known = [later.read(name, case) is not None for name in ("openvino", "webgpu", "openvino-npu")]
    assert known == [True, False, True]


def test_no_partial_file_stays(verdicts: Verdicts, case: Case, tmp_path: Path) -> None:
    verdicts.find("openvino", case)
    assert [path.suffix for path in (tmp_path / "cache" / "verdicts").iterdir()] == [".json"]


def test_faster_is_what_saves_wall_time_and_processor_time() -> None:
    assert FAST.is_faster
    assert not replace(FAST, core_ms=14.0).is_faster  # its threads spin
    assert not replace(FAST, ms=7.5).is_faster
    assert not replace(FAST, fault="it differs").is_faster
    assert not Verdict("openvino").is_faster


def test_the_fastest_of_several_is_chosen() -> None:
    faster = replace(FAST, engine="openvino-gpu", ms=1.0, core_ms=0.5)
    assert fastest([FAST, faster, Verdict("webgpu", "it is broken")]) == faster
    assert fastest([replace(FAST, ms=9.0)]) is None
    assert fastest([]) is None


def test_a_verdict_in_words() -> None:
    assert describe(FAST) == "4.0 ms and 7.0 of processor time, 8.0 and 15.0 by the CPU provider"
    assert describe(Verdict("webgpu", "it is broken")) == "it is broken"


def test_a_machine_without_a_list_of_processors_has_a_name(tmp_path: Path) -> None:
    assert describe_machine(tmp_path / "cpuinfo").split()
