import pytest

from vcam.page.tickets import TICKET_S, Tickets


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_ticket_is_taken_once() -> None:
    tickets = Tickets()
    ticket = tickets.issue()
    assert tickets.take(ticket)
    assert not tickets.take(ticket)


def test_several_tickets_hold_beside_each_other() -> None:
    tickets = Tickets()
    first, second = tickets.issue(), tickets.issue()
    assert tickets.take(second)
    assert tickets.take(first)


def test_a_ticket_holds_for_a_minute() -> None:
    clock = Clock()
    tickets = Tickets(clock)
    early, late = tickets.issue(), tickets.issue()
    clock.now_s += TICKET_S - 0.001
    assert tickets.take(early)
    clock.now_s += 0.001
    assert not tickets.take(late)


@pytest.mark.parametrize("text", ["", "wrong", "\xe4"])
def test_what_was_never_issued_is_no_ticket(text: str) -> None:
    tickets = Tickets()
    tickets.issue()
    assert not tickets.take(text)


def test_tickets_that_nobody_took_do_not_pile_up() -> None:
    clock = Clock()
    tickets = Tickets(clock)
    for _ in range(3):
        tickets.issue()
        clock.now_s += TICKET_S
    tickets.issue()
    assert len(tickets._ends_s) == 1
