import os
import signal
from pathlib import Path

import pytest

from vcam.errors import SinkError, SourceError
from vcam.roundtrip import read_elsewhere

NOWHERE = Path("/nowhere/video42")


def children() -> set[int]:
    """The processes that this thread has started and not waited for."""
    return {int(pid) for pid in Path("/proc/thread-self/children").read_text().split()}


def test_what_the_other_process_met_is_raised_here() -> None:
    with pytest.raises(SourceError, match="/nowhere/video42 is gone"):
        read_elsewhere(NOWHERE, 1.0, lambda: None)


def test_a_camera_that_ends_meanwhile_ends_the_reading() -> None:
    others = children()

    def look() -> None:
        raise SinkError("the device is gone")

    with pytest.raises(SinkError, match="the device is gone"):
        read_elsewhere(NOWHERE, 1.0, look)
    assert children() == others


def test_a_reader_that_is_killed_is_an_error() -> None:
    others = children()

    def look() -> None:
        for pid in children() - others:
            os.kill(pid, signal.SIGKILL)

    def read() -> str:
        with pytest.raises(SourceError) as caught:
            read_elsewhere(NOWHERE, 1.0, look)
        return str(caught.value)

    # on a busy machine the reader may have answered before it is looked at
    assert any("the process that read /nowhere/video42 ended with code -9" in read() for _ in range(10))


def test_a_reader_that_hangs_costs_a_limit_and_is_ended() -> None:
    others = children()

    def look() -> None:
        for pid in children() - others:
            os.kill(pid, signal.SIGSTOP)

    with pytest.raises(SourceError, match=r"gave no answer within 0\.5 s: its driver hangs.* fuser -v"):
        read_elsewhere(NOWHERE, 0.3, look, margin_s=0.2)
    assert children() == others


def test_the_reader_imports_nothing_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("socket", "random", "vcam"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match="/nowhere/video42 is gone"):
        read_elsewhere(NOWHERE, 1.0, lambda: None)
