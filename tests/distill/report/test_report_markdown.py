import pytest

from distill.report.markdown import NOTHING, duration, percent, plain, signed, table


def test_a_gain_has_its_sign_and_nothing_has_none() -> None:
    assert [signed(value) for value in (0.514, -0.2, 0.001, -0.001, None)] == [
        "+0.51",
        "−0.20",
        "0.00",
        "0.00",
        NOTHING,
    ]


def test_a_duration_has_three_digits_that_say_something() -> None:
    assert [duration(ms) for ms in (0.523, 13.44, 1240.2, None)] == ["0.52", "13.4", "1,240", NOTHING]


def test_a_share_is_a_percentage() -> None:
    assert (percent(-0.142), percent(None)) == ("−14%", NOTHING)


def test_a_cell_cannot_break_its_table() -> None:
    assert table(["a", "b"], [["x|y", "1\n2"]]).splitlines()[2] == "| x\\|y | 1 2 |"


def test_a_row_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="a row of 1 cells"):
        table(["a", "b"], [["x"]])


def test_what_is_not_known_is_no_number() -> None:
    assert plain(None) == NOTHING
