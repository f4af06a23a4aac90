import shlex

import pytest

from vcam.doctor.shell import join


def test_a_shell_reads_the_words_back() -> None:
    words = ("/home/ann b/bin/python", "-m", "pip", "install", "av>=17,<19")
    assert tuple(shlex.split(join(*words, platform="linux"))) == words


@pytest.mark.parametrize(
    ("word", "quoted"),
    [("av>=17,<19", '"av>=17,<19"'), (r"C:\My Programs\python.exe", r'"C:\My Programs\python.exe"')],
)
def test_cmd_has_double_quotes_where_a_word_means_something_to_it(word: str, quoted: str) -> None:
    assert join("move", r"C:\a.toml", word, platform="win32") == rf"move C:\a.toml {quoted}"
