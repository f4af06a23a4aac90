import logging
import os
from pathlib import Path

import pytest

from vcam.daemon.journal import JournalFormatter, journal_log


def test_each_line_carries_its_level() -> None:
    record = logging.makeLogRecord({"levelno": logging.ERROR, "msg": "it failed\nbecause"})
    assert JournalFormatter().format(record) == "<3>it failed\n<3>because"


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
