"""What `set` and `start` send of settings whose values are not UTF-8."""

import os
from pathlib import Path

import pytest

from vcam.commands.options import as_sent
from vcam.commands.set import read_pairs
from vcam.errors import ConfigError
from vcam.sources import FileSource, make_source

NAME = os.fsdecode(b"v\xff 1%.mp4")


def test_a_file_whose_name_is_not_utf8_is_sent_as_an_address_of_that_file(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(b"")
    sent = read_pairs(["source", str(path)])["source"]
    assert sent.isascii()
    source = make_source(sent, size=(64, 48), fps=30.0)
    assert isinstance(source, FileSource)
    assert source.path == path


@pytest.mark.parametrize("key", ["card_picture", "weights", "sink", "source"])
def test_any_other_value_that_is_not_utf8_is_refused_before_it_is_sent(tmp_path: Path, key: str) -> None:
    path = tmp_path / NAME
    if key == "card_picture":
        path.write_bytes(b"")
    with pytest.raises(ConfigError, match=rf"{key} = .* is not valid UTF-8; rename it"):
        as_sent(key, str(path))
