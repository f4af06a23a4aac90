"""Whatever a source does inside, what leaves it is a SourceError, and nothing stays open."""

import logging

import pytest

from vcam.errors import SourceError
from vcam.frame import Frame, black
from vcam.sources.guard import GuardedSource


class Fragile(GuardedSource):
    """Raises what the test puts in."""

    name = "fragile"

    def __init__(
        self,
        opening: BaseException | None = None,
        reading: BaseException | None = None,
        closing: BaseException | None = None,
    ) -> None:
        self.closed = 0
        self._errors = (opening, reading, closing)

    def _enter(self) -> None:
        self._fail(0)

    def _read(self) -> Frame:
        self._fail(1)
        return black((64, 48))

    def _close(self) -> None:
        self.closed += 1
        self._fail(2)

    def _fail(self, step: int) -> None:
        error = self._errors[step]
        if error is not None:
            raise error


UNFORESEEN = [AttributeError("x"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), ZeroDivisionError("x")]


@pytest.mark.parametrize("error", UNFORESEEN, ids=lambda error: type(error).__name__)
def test_an_opening_that_fails_is_a_sentence_with_its_cause(error: Exception) -> None:
    source = Fragile(opening=error)
    with (
        pytest.raises(SourceError, match=rf"^fragile cannot be used.*{type(error).__name__}") as caught,
        source,
    ):
        pass
    assert caught.value.__cause__ is error
    assert source.closed == 1


@pytest.mark.parametrize("error", UNFORESEEN, ids=lambda error: type(error).__name__)
def test_a_read_that_fails_is_a_sentence(error: Exception) -> None:
    with Fragile(reading=error) as source, pytest.raises(SourceError) as caught:
        next(source)
    assert caught.value.__cause__ is error


def test_what_an_error_quotes_is_not_repeated() -> None:
    with pytest.raises(SourceError) as caught, Fragile(opening=ValueError("rtsp://joe:secret@cam")):
        pass
    assert "secret" not in str(caught.value)


def test_an_error_that_says_what_is_wrong_passes_as_it_is() -> None:
    error = SourceError("plug it in")
    with pytest.raises(SourceError) as caught, Fragile(opening=error):
        pass
    assert caught.value is error


def test_an_interrupted_opening_is_closed_and_stays_an_interrupt() -> None:
    source = Fragile(opening=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt), source:
        pass
    assert source.closed == 1


def test_the_end_of_a_recording_is_an_end() -> None:
    with Fragile(reading=StopIteration()) as source:
        assert list(source) == []


def test_a_close_that_fails_is_logged_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), Fragile(closing=OSError("stuck")):
        pass
    assert "fragile could not be closed" in caplog.text
    assert "stuck" in caplog.text
