"""How one thread waits for what another puts."""

import threading
import time
from collections.abc import Callable

import pytest

from vcam.pipeline.slot import Slot

PATIENCE_S = 10.0


def take_beside(slot: Slot[int], change: Callable[[], None]) -> list[int | None]:
    """What a thread takes that waits without a limit while something is done to the slot."""
    taken: list[int | None] = []
    thread = threading.Thread(target=lambda: taken.append(slot.take(None)), daemon=True)
    thread.start()
    change()
    thread.join(PATIENCE_S)
    return taken


def test_the_newest_value_wins() -> None:
    slot = Slot[int]()
    assert not slot.put(1)
    assert slot.put(2)
    assert slot.take(None) == 2
    assert slot.take(0) is None


def test_who_waits_gets_what_comes() -> None:
    slot = Slot[int]()
    assert take_beside(slot, lambda: slot.put(1) or None) == [1]


@pytest.mark.parametrize("end", [Slot.wake, Slot.close])
def test_who_waits_goes_on_without_a_value(end: Callable[[Slot[int]], None]) -> None:
    slot = Slot[int]()
    assert take_beside(slot, lambda: end(slot)) == [None]


def test_a_wake_is_for_one_wait_and_a_close_for_all() -> None:
    slot = Slot[int]()
    slot.wake()
    assert slot.take(None) is None  # it came before the wait, and is not lost
    assert take_beside(slot, lambda: slot.put(1) or None) == [1]
    slot.close()
    assert [slot.take(None), slot.take(None)] == [None, None]


def test_who_waits_goes_on_waiting_where_another_was_quicker() -> None:
    slot = Slot[int]()

    def snatch() -> None:
        for _ in range(20):
            with slot._changed:  # so that who waits is woken, and comes too late
                slot.put(1)
                slot.take(0)
            time.sleep(0.001)
        slot.put(2)

    assert take_beside(slot, snatch) == [2]


def test_what_was_put_before_a_close_can_still_be_taken() -> None:
    slot = Slot[int]()
    slot.put(1)
    slot.close()
    assert slot.take(None) == 1
