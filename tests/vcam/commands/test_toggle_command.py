import pytest

from vcam.commands.toggle import describe


@pytest.mark.parametrize(
    ("what", "is_so", "words"),
    [
        ("pause", True, "paused"),
        ("pause", False, "resumed"),
        ("freeze", True, "frozen"),
        ("freeze", False, "going on"),
        ("mirror", True, "mirrored"),
        ("mirror", False, "not mirrored"),
    ],
)
def test_what_it_is_now_is_said(what: str, is_so: bool, words: str) -> None:
    status = {"state": "paused" if is_so else "running", "is_frozen": is_so, "picture": {"mirror": is_so}}
    assert describe(what, status) == words
