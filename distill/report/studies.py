"""The published systems and their teachers on frames of calls: gain by degradation, frames, time by size."""

from collections.abc import Mapping

from distill.evaluate.speed import SIZES
from distill.report.markdown import duration, signed, span, table
from distill.report.matrices import main_labels
from distill.report.records import Record
from distill.report.summary import short
from distill.report.view import View

TEACHER = "-teacher"  # ends the name of a system's teacher


def call_table(view: View, records: Mapping[str, Record]) -> str:
    """PSNR-Y gain under each degradation, and the time of a frame; empty if none of them was in the sweep."""
    systems = {name for name, record in records.items() if record.claims}
    shown = [each.name for each in view.contenders if each.name.removesuffix(TEACHER) in systems]
    labels, sizes = main_labels(view), [f"{width}x{height}" for width, height in SIZES]
    rows = [
        [
            name,
            _frames(view, name),
            *(signed(view.gain(name, label)) for label in labels),
            *(duration(view.ms(name, size)) for size in sizes),
        ]
        for name in sorted(shown)
    ]
    header = ["network", "frames a clip", *map(short, labels), *(f"ms, {size}" for size in sizes)]
    return table(header, rows) if rows else ""


def _frames(view: View, name: str) -> str:
    """How many frames of a clip its figures are of."""
    return span(row.frames for row in view.rows(name, main_labels(view)))
