from pathlib import Path

import pytest
from sweep_rows import make_row

from distill.evaluate.results import Results, Speed, Summary, read_results, write_results
from vcam.errors import SourceError

ROW = make_row([0.4, 0.6])
SUMMARY = Summary("fast", "calls", "named", 1, 0.5, 0.4, 0.6, "talk", "D2 x2 crf30", 0.5, 0.4)
SPEED = Speed("fast", "256x256", 1, 0.5, 2000.0, 0.4, 30)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "build" / "sweep.json"
    results = Results({"scored": 2}, {"cpu": "x"}, [{"name": "fast"}], [ROW], [SUMMARY], [SPEED])
    write_results(results, path)
    assert read_results(path) == results
    assert [file.name for file in path.parent.iterdir()] == ["sweep.json"]


def test_a_missing_file_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="run: python -m distill sweep"):
        read_results(tmp_path / "sweep.json")


@pytest.mark.parametrize("content", ["", "[]", '{"schema": 0}', '{"schema": 1, "rows": [{"clip": "a"}]}'])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "sweep.json"
    path.write_text(content)
    with pytest.raises(SourceError, match="cannot read"):
        read_results(path)
