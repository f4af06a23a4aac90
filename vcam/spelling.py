"""Which word was meant by one that is not known."""

import difflib
from collections.abc import Iterable

LONGEST_READ = 80  # of a wrong word, in characters: the search takes as long as the word is


def closest(word: str, words: Iterable[str]) -> str:
    """Which of the words may have been meant, in brackets; empty if none is close."""
    close = difflib.get_close_matches(word[:LONGEST_READ], list(words), 1)
    return f" (did you mean {close[0]!r}?)" if close else ""
