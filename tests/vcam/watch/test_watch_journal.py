from dataclasses import replace
from pathlib import Path

import pytest

from vcam.errors import SinkError
from vcam.partial import make_partial
from vcam.watch.arrivals import Version
from vcam.watch.journal import MOST_DEATHS, NAME, SLACK_LINES, Entry, Journal, recover

VERSION = Version(10, 20, 30)
ENTRY = Entry(Path("sub/a.mov"), VERSION, Path("sub/a.mp4"), "begun")


def reread(folder: Path) -> Journal:
    with Journal(folder) as journal:
        return journal


def test_what_was_written_is_there_again(tmp_path: Path) -> None:
    odd = replace(ENTRY, place=Path("a\nb \udcff.mov"), state="bad", reason='no "video"', deaths=2)
    with Journal(tmp_path) as journal:
        journal.write(ENTRY)
        journal.write(replace(ENTRY, state="done"))
        journal.write(odd)
    again = reread(tmp_path)
    assert again[ENTRY.place] == replace(ENTRY, state="done")
    assert again[odd.place] == odd
    assert again[Path("other")] is None
    assert again.find(VERSION) == odd


@pytest.mark.parametrize("torn", [b'{"place": "x', b"[]", b'{"place": 1}', b"\xff\x00", b'{"state": "odd"}'])
def test_a_line_that_was_torn_costs_only_itself(tmp_path: Path, torn: bytes) -> None:
    with Journal(tmp_path) as journal:
        journal.write(ENTRY)
    with (tmp_path / NAME).open("ab") as file:
        file.write(b"\n" + torn)
    with Journal(tmp_path) as journal:
        assert (journal.lost_lines, journal[ENTRY.place]) == (1, ENTRY)
        journal.write(replace(ENTRY, state="done"))
    again = reread(tmp_path)
    assert again[ENTRY.place] == replace(ENTRY, state="done")


def test_a_long_journal_is_written_again(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.write(ENTRY)
    line = (tmp_path / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(line * (SLACK_LINES + 2))
    assert reread(tmp_path)[ENTRY.place] == ENTRY
    assert (tmp_path / NAME).read_bytes() == line
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_journal_that_cannot_be_written_is_a_sink_error(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(SinkError, match="cannot write"):
        reread(tmp_path)


def test_a_copy_that_is_there_after_a_kill_is_whole(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/a.mp4").write_bytes(b"whole")
    with Journal(tmp_path) as journal:
        journal.write(ENTRY)
        assert list(recover(journal, tmp_path)) == [replace(ENTRY, state="done")]
    assert reread(tmp_path)[ENTRY.place] == replace(ENTRY, state="done")


def test_what_is_left_of_a_copy_after_a_kill_is_removed(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    others = tmp_path / "sub/.b.mp4.0123456789abcdef.partial"
    others.write_bytes(b"another's")
    make_partial(tmp_path / "sub/a.mp4").write_bytes(b"half")
    with Journal(tmp_path) as journal:
        journal.write(ENTRY)
        assert list(recover(journal, tmp_path)) == [replace(ENTRY, state="stopped", deaths=1)]
    assert list((tmp_path / "sub").iterdir()) == [others]


def test_a_file_that_has_killed_the_program_often_is_left_alone(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.write(replace(ENTRY, deaths=MOST_DEATHS - 1))
        (settled,) = recover(journal, tmp_path)
    assert (settled.state, settled.reason) == ("bad", "the program has ended 3 times while it was restored")


def test_what_is_over_is_not_recovered(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        for state in ("done", "bad", "stopped"):
            journal.write(replace(ENTRY, place=Path(state), state=state))
        assert list(recover(journal, tmp_path)) == []
