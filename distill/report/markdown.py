"""Tables and numbers as Markdown."""

from collections.abc import Collection, Iterable, Sequence

NOTHING = "–"  # what was not measured


def table(header: Sequence[str], rows: Iterable[Sequence[str]], left: Collection[int] = (0,)) -> str:
    """A Markdown table; `left` are the left-aligned columns. Raises ValueError if a row does not fit."""
    lines = [_line(header), _line([":--" if place in left else "--:" for place in range(len(header))])]
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"a row of {len(row)} cells in a table of {len(header)}: {row}")
        lines.append(_line(row))
    return "\n".join(lines)


def heading_row(text: str, columns: int) -> list[str]:
    """A heading row that separates groups in a table."""
    return [f"**{text}**", *[""] * (columns - 1)]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def signed(value: float | None, digits: int = 2) -> str:
    """A gain: +0.51, with a typographic minus if negative; 0.00 has no sign."""
    if value is None:
        return NOTHING
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def plain(value: float | None, digits: int = 2) -> str:
    return NOTHING if value is None else f"{value:.{digits}f}".replace("-", "−")


def percent(value: float | None) -> str:
    """A relative change: -0.142 is −14%."""
    return NOTHING if value is None else f"{signed(100 * value, 0)}%"


def count(value: float | None) -> str:
    """A large number: 46,256."""
    return NOTHING if value is None else f"{value:,.0f}"


def duration(ms: float | None) -> str:
    """Milliseconds with three significant digits: 0.52, 13.4, 1,240."""
    if ms is None:
        return NOTHING
    return f"{ms:,.0f}" if ms >= 100 else f"{ms:.1f}" if ms >= 10 else f"{ms:.2f}"


def span(counts: Iterable[int]) -> str:
    """Counts that differ or do not: "3", or "1 to 3"."""
    found = set(counts)
    return " to ".join(map(str, sorted({min(found), max(found)}))) if found else NOTHING


def interval(mean: float, low: float, high: float) -> str:
    """A gain in dB with its 95% interval."""
    return f"{signed(mean)} ({signed(low)} to {signed(high)})"
