from pathlib import Path

import pytest

from vcam.camera.last_device import LARGEST, LastDevice
from vcam.sources import CaptureDevice

LINK = Path("/dev/v4l/by-id/usb-c920")
C920 = CaptureDevice(Path("/dev/video2"), "C920", LINK, False)


@pytest.fixture
def last(tmp_path: Path) -> LastDevice:
    return LastDevice(tmp_path / "state" / "last-camera")


def test_nothing_is_remembered_at_first(last: LastDevice) -> None:
    assert last.read() is None


def test_a_camera_is_known_again_by_name_and_link(last: LastDevice) -> None:
    last.note(C920)
    known = last.read()
    assert known is not None
    assert (known.name, known.stable_id) == ("C920", LINK)


def test_the_same_camera_is_not_written_again(last: LastDevice, tmp_path: Path) -> None:
    last.note(C920)
    path = tmp_path / "state" / "last-camera"
    before = path.stat().st_ino
    last.note(C920)
    assert path.stat().st_ino == before
    last.note(CaptureDevice(Path("/dev/video9"), "DroidCam", None, True))
    known = last.read()
    assert known is not None
    assert (known.name, known.stable_id) == ("DroidCam", None)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"name": 3, "stable_id": ""}', b"{", b"\xff", b'{"name": "a"}', bytes(LARGEST * 2)],
)
def test_a_damaged_file_is_no_memory(last: LastDevice, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "last-camera").write_bytes(content)
    assert last.read() is None


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    last = LastDevice(tmp_path / "state" / "last-camera")
    last.note(C920)
    assert last.read() is None
