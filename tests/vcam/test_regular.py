import os
import threading
from pathlib import Path

import pytest

from vcam.regular import check_regular, read_small, within


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    check_regular(tmp_path / "a")
    assert read_small(tmp_path / "a", 3) == b"abc"


def test_a_file_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abcd")
    with pytest.raises(OSError, match="larger than 3 bytes"):
        read_small(tmp_path / "a", 3)


def test_a_fifo_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for look in (check_regular, lambda path: read_small(path, 10)):
        with pytest.raises(OSError, match="a pipe or a device, expected a regular file"):
            look(tmp_path / "pipe")


def test_a_device_without_end_is_refused() -> None:
    with pytest.raises(OSError, match="a pipe or a device"):
        read_small(Path("/dev/zero"), 10)


@pytest.mark.parametrize("name", ["a" * 300, "a\0b", "gone/../../gone"])
def test_a_name_that_no_file_can_have_is_an_os_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(OSError):  # noqa: PT011  # the system's words for it
        check_regular(tmp_path / name)


def test_a_folder_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_small(tmp_path, 10)


def test_a_file_system_that_does_not_answer_is_given_up_and_not_asked_twice() -> None:
    answer, asked = threading.Event(), []

    def hang() -> None:
        asked.append(1)
        answer.wait(60)

    for _ in range(3):
        with pytest.raises(TimeoutError, match="does not answer"):
            within(0.01, "/dead", hang)
    assert len(asked) == 1
    answer.set()
