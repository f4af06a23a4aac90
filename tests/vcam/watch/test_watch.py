import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vcam.errors import ConfigError, ModelError, SinkError, SourceError
from vcam.watch.arrivals import Settling
from vcam.watch.journal import Journal, recover
from vcam.watch.watch import FIRST_RETRY_S, POLL_S, Told, Watch


def is_wanted(path: Path) -> bool:
    return path.suffix in (".mov", ".mp4")


def names(place: Path) -> Iterator[Path]:
    yield place.with_suffix(".mp4")
    yield place.with_name(f"{place.name}.mp4")
    yield from (place.with_name(f"{place.name} {number}.mp4") for number in range(2, 9))


def disk_is_full(*_: Path) -> None:
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    raise SinkError("cannot write: the disk is full") from error


class House:
    """A folder, an output folder, and a watch that is started again as often as a test likes."""

    def __init__(self, root: Path) -> None:
        self.folder, self.out = root / "in", root / "out"
        self.folder.mkdir()
        self.out.mkdir()
        self.waits = True
        self.now_s = 1000.0
        self.restored: list[str] = []
        self.said: list[str] = []
        self.wrong: list[str] = []
        self.fault: Callable[[Path, Path], None] | None = None

    def arrive(self, name: str, content: str = "film", age_s: int = 100) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        os.utime(path, (2000 - age_s, 2000 - age_s))
        return path

    def restore(self, source: Path, target: Path) -> None:
        self.restored.append(str(source.relative_to(self.folder)))
        if self.fault is not None:
            self.fault(source, target)
        partial = target.with_name(".half.partial")
        partial.write_text(f"restored {source.read_text()}")
        partial.replace(target)

    def start(self, journal: Journal) -> Watch:
        list(recover(journal, self.out))
        return Watch(
            self.folder,
            self.out,
            journal,
            self.restore,
            Told(self.said.append, self.wrong.append),
            is_wanted=is_wanted,
            names=names,
            settling=Settling(2, lambda path: False),
            waits=self.waits,
            clock=lambda: self.now_s,
        )

    def run(self, watch: Watch, seconds: float = 20) -> None:
        """Step for some seconds of the manual clock."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self.now_s += watch.step() or 0.1

    def watch_once(self) -> Watch:
        """Start, step until all is done, end."""
        with Journal(self.out) as journal:
            watch = self.start(journal)
            self.run(watch)
        return watch

    def copies(self) -> dict[str, str]:
        files = (path for path in self.out.rglob("*") if path.is_file() and not path.name.startswith("."))
        return {str(path.relative_to(self.out)): path.read_text() for path in files}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_what_arrives_is_restored_once_the_oldest_first(house: House) -> None:
    house.arrive("new.mov", "1", age_s=10)
    house.arrive("sub/old.mov", "2", age_s=90)
    house.arrive("notes.txt")
    with Journal(house.out) as journal:
        watch = house.start(journal)
        house.run(watch)
        house.arrive("late.mov", "3", age_s=0)
        house.run(watch)
    assert house.restored == ["sub/old.mov", "new.mov", "late.mov"]
    assert house.copies() == {"new.mp4": "restored 1", "sub/old.mp4": "restored 2", "late.mp4": "restored 3"}
    assert (house.wrong, watch.code, watch.is_idle) == ([], 0, True)
    assert house.said[0].startswith("sub/old.mov -> ")


def test_nothing_is_done_twice_by_the_next_start(house: House) -> None:
    house.arrive("a.mov")
    house.watch_once()
    (house.out / "a.mp4").unlink()  # its user has moved it elsewhere
    house.watch_once()
    assert house.restored == ["a.mov"]


def test_a_look_with_nothing_to_do_is_made_again_some_seconds_later(house: House) -> None:
    with Journal(house.out) as journal:
        assert house.start(journal).step() == POLL_S
        house.arrive("a.mov")
        assert house.start(journal).step() == 2


def test_files_of_one_name_get_copies_of_two(house: House) -> None:
    house.arrive("a.mov", "1", age_s=3)
    house.arrive("a.mp4", "2", age_s=2)
    house.watch_once()
    assert house.copies() == {"a.mp4": "restored 1", "a.mp4.mp4": "restored 2"}


def test_a_file_that_has_changed_is_restored_beside_its_older_copy(house: House) -> None:
    house.arrive("a.mov", "1")
    house.watch_once()
    house.arrive("a.mov", "another film")
    house.watch_once()
    assert house.copies() == {"a.mp4": "restored 1", "a.mov.mp4": "restored another film"}


def test_a_file_that_is_moved_is_not_restored_again(house: House) -> None:
    path = house.arrive("a.mov")
    house.watch_once()
    (house.folder / "2026").mkdir()
    path.rename(house.folder / "2026" / "b.mov")
    house.watch_once()
    house.watch_once()
    assert house.restored == ["a.mov"]


def test_a_second_name_of_a_file_is_a_second_file(house: House) -> None:
    path = house.arrive("a.mov")
    house.watch_once()
    os.link(path, house.folder / "b.mov")
    house.watch_once()
    assert house.restored == ["a.mov", "b.mov"]


def refuse(source: Path, target: Path) -> None:
    raise SourceError(f"{source.name} is not a video")


def test_a_bad_file_is_said_once_and_tried_again_when_it_changes(house: House) -> None:
    house.fault = refuse
    house.arrive("a.mov", "rubbish")
    house.arrive("b.mov", "rubbish, too", age_s=1)
    watch = house.watch_once()
    house.watch_once()
    assert house.wrong == ["a.mov is not a video", "b.mov is not a video"]
    assert (house.restored, watch.code) == (["a.mov", "b.mov"], SourceError.exit_code)
    house.fault = None
    house.arrive("a.mov", "film")
    house.watch_once()
    assert house.copies() == {"a.mp4": "restored film"}


def test_a_bad_version_between_two_good_ones_takes_no_name(house: House) -> None:
    house.arrive("a.mov", "1")
    house.watch_once()
    house.fault = refuse
    house.arrive("a.mov", "rubbish")
    house.watch_once()
    house.fault = None
    house.arrive("a.mov", "the third")
    house.watch_once()
    assert house.copies() == {"a.mp4": "restored 1", "a.mov.mp4": "restored the third"}


def test_a_copy_that_no_disk_would_take_is_a_bad_file(house: House) -> None:
    def too_long(source: Path, target: Path) -> None:
        raise SinkError("cannot write") from OSError(errno.ENAMETOOLONG, "File name too long")

    house.fault = too_long
    house.arrive("a.mov")
    assert house.watch_once().code == SinkError.exit_code
    assert house.wrong == ["cannot write"]


def test_settings_that_do_not_fit_a_file_are_its_own_fault(house: House) -> None:
    def too_large(source: Path, target: Path) -> None:
        raise ConfigError("--scale 9 makes it too large")

    house.fault = too_large
    house.arrive("a.mov")
    assert house.watch_once().code == ConfigError.exit_code


def test_a_full_disk_is_said_once_and_waited_for(house: House) -> None:
    house.fault = disk_is_full
    house.arrive("a.mov")
    house.arrive("b.mov", age_s=1)
    with Journal(house.out) as journal:
        watch = house.start(journal)
        house.run(watch, 5)
        assert watch.stalled is not None
        house.run(watch, 10 * FIRST_RETRY_S)
        assert (len(house.wrong), set(house.restored)) == (1, {"a.mov"})
        assert 3 <= len(house.restored) <= 6  # later and later
        house.fault = None
        house.run(watch, 20 * FIRST_RETRY_S)
    assert set(house.copies()) == {"a.mp4", "b.mp4"}
    assert any("can be written again" in line for line in house.said)
    assert watch.stalled is None


def test_a_watch_that_does_not_wait_ends_with_a_full_disk(house: House) -> None:
    house.fault, house.waits = disk_is_full, False
    house.arrive("a.mov")
    with pytest.raises(SinkError, match="the disk is full"):
        house.watch_once()
    house.fault = None
    house.watch_once()
    assert (house.wrong, house.copies()) == ([], {"a.mp4": "restored film"})


def test_a_file_that_grows_while_it_is_restored_is_restored_again(house: House) -> None:
    def grow(source: Path, target: Path) -> None:
        house.fault = None
        source.write_text("the whole film")

    house.fault = grow
    house.arrive("a.mov", "half")
    house.watch_once()
    assert house.restored == ["a.mov", "a.mov"]
    assert house.copies() == {"a.mp4": "restored the whole film"}


def test_a_file_that_changes_under_a_failure_is_not_called_bad(house: House) -> None:
    def fail(source: Path, target: Path) -> None:
        house.fault = None
        source.write_text("the whole film")
        raise SourceError("cut short")

    house.fault = fail
    house.arrive("a.mov", "half")
    house.watch_once()
    assert (house.wrong, house.copies()) == ([], {"a.mp4": "restored the whole film"})


@pytest.mark.parametrize("ended", [SystemExit(143), KeyboardInterrupt(), ModelError("gone")])
def test_what_ends_the_program_leaves_the_file_for_the_next_start(house: House, ended: BaseException) -> None:
    def end(source: Path, target: Path) -> None:
        raise ended

    house.fault = end
    house.arrive("a.mov")
    for _ in range(5):  # an end that was asked for is no fault of the file
        with pytest.raises(type(ended)):
            house.watch_once()
    house.fault = None
    house.watch_once()
    assert house.copies() == {"a.mp4": "restored film"}


def test_an_end_right_after_the_copy_was_made_does_not_make_it_again(house: House) -> None:
    def finish(source: Path, target: Path) -> None:
        target.write_text("restored film")
        raise SystemExit(143)

    house.fault = finish
    house.arrive("a.mov")
    with pytest.raises(SystemExit):
        house.watch_once()
    house.watch_once()
    assert (house.restored, house.wrong) == (["a.mov"], [])


def test_a_file_that_the_program_does_not_survive_is_left_alone_at_last(house: House) -> None:
    def crash(source: Path, target: Path) -> None:
        raise RuntimeError("a bug")

    house.fault = crash
    house.arrive("a.mov")
    for _ in range(3):
        with pytest.raises(RuntimeError):
            house.watch_once()
    house.watch_once()
    assert house.restored == ["a.mov"] * 3


def test_a_copy_of_that_name_is_never_overwritten(house: House) -> None:
    house.arrive("a.mov")
    (house.out / "a.mp4").write_text("mine")
    watch = house.watch_once()
    assert (house.restored, house.copies()) == ([], {"a.mp4": "mine"})
    assert len(house.wrong) == 1
    assert "a.mp4 is there already; a.mov is left alone" in house.wrong[0]
    assert watch.code == SinkError.exit_code
    (house.out / "a.mp4").unlink()
    house.watch_once()
    assert house.copies() == {"a.mp4": "restored film"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_said_and_done_when_it_may(house: House) -> None:
    path = house.arrive("a.mov")
    path.chmod(0)
    house.watch_once()
    assert "chmod u+r" in house.wrong[0]
    path.chmod(0o600)
    house.watch_once()
    assert house.restored == ["a.mov"]


def test_a_folder_that_goes_away_is_waited_for(house: House) -> None:
    with Journal(house.out) as journal:
        watch = house.start(journal)
        house.folder.rename(house.folder.with_name("away"))
        house.run(watch, 60)
        assert len(house.wrong) == 1
        assert "cannot be read" in house.wrong[0]
        house.folder.with_name("away").rename(house.folder)
        house.arrive("a.mov")
        house.run(watch, 60)
    assert house.restored == ["a.mov"]
