import logging
import os
from pathlib import Path

import pytest

from vcam.daemon.journal import JournalFormatter, PublicFormatter, journal_log


def test_each_line_carries_its_level() -> None:
    record = logging.makeLogRecord({"levelno": logging.ERROR, "msg": "it failed\nbecause"})
    assert JournalFormatter().format(record) == "<3>it failed\n<3>    because"


@pytest.mark.parametrize(("level", "number"), [(logging.INFO, 6), (logging.WARNING, 4), (logging.DEBUG, 7)])
def test_levels_are_those_of_syslog(level: int, number: int) -> None:
    assert JournalFormatter().format(logging.makeLogRecord({"levelno": level, "msg": "x"})) == f"<{number}>x"


def test_the_journal_is_written_where_the_output_leads_there(tmp_path: Path) -> None:
    with (tmp_path / "journal").open("w") as stream:
        found = os.fstat(stream.fileno())
        assert len(journal_log(stream, {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"})) == 1


def test_an_inherited_name_of_another_stream_is_not_believed(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as stream:
        assert journal_log(stream, {"JOURNAL_STREAM": "8:1"}) == []
        assert journal_log(stream, {}) == []


def test_no_text_passes_for_a_line_of_its_own() -> None:
    record = logging.makeLogRecord({"msg": "%s", "args": ("a\n2026-01-01 ERROR forged\rx",)})
    lines = PublicFormatter().format(record).split("\n")
    assert lines == ["a", r"    2026-01-01 ERROR forged\rx"]


def test_a_traceback_tells_no_password() -> None:
    try:
        raise OSError("cannot open rtsp://joe:secret@cam/x")
    except OSError as error:
        record = logging.makeLogRecord(
            {"msg": "a bug", "exc_info": (type(error), error, error.__traceback__)}
        )
    assert "secret" not in PublicFormatter().format(record)
