import logging
from collections.abc import Iterator

import pytest
from manual_time import ManualTime

from vcam.daemon.log_rate_limit import BURST, RateLimitFilter


class Lines(logging.Handler):
    """Keeps what it is handed."""

    def __init__(self, flood: RateLimitFilter) -> None:
        super().__init__()
        self.addFilter(flood)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


class Log:
    """A logger with two handlers, as the daemon's with a file and the journal."""

    def __init__(self) -> None:
        self.time = ManualTime()
        flood = RateLimitFilter(self.time.clock)
        self.handlers = [Lines(flood), Lines(flood)]
        self.logger = logging.Logger("flooded")
        for handler in self.handlers:
            self.logger.addHandler(handler)

    @property
    def said(self) -> list[str]:
        first, second = self.handlers
        assert first.said == second.said
        return first.said

    def shout(self, count: int) -> None:
        for number in range(count):
            self.logger.warning("again %d", number)


@pytest.fixture
def log() -> Iterator[Log]:
    return Log()


def test_what_is_said_a_few_times_is_kept(log: Log) -> None:
    log.shout(BURST)
    assert len(log.said) == BURST


def test_a_flood_leaves_room_for_what_others_say(log: Log) -> None:
    log.shout(10_000)
    log.logger.error("the camera was unplugged")
    assert (len(log.said), log.said[-1]) == (BURST + 1, "the camera was unplugged")


def test_what_was_left_out_is_counted_with_the_next_one(log: Log) -> None:
    log.shout(BURST + 7)
    log.time.sleep(60)
    log.shout(2)
    assert log.said[BURST:] == ["again 0 (and 7 more from there, left out)", "again 1"]
