import multiprocessing
from pathlib import Path

import pytest

from vcam.errors import SinkError, SourceError
from vcam.roundtrip import read_elsewhere

NOWHERE = Path("/nowhere/video42")


def test_what_the_other_process_met_is_raised_here() -> None:
    with pytest.raises(SourceError, match="/nowhere/video42 is gone"):
        read_elsewhere(NOWHERE, 1.0, lambda: None)


def test_a_camera_that_ends_meanwhile_ends_the_reading() -> None:
    def look() -> None:
        raise SinkError("the device is gone")

    with pytest.raises(SinkError, match="the device is gone"):
        read_elsewhere(NOWHERE, 1.0, look)
    assert multiprocessing.active_children() == []
