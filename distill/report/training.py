"""Training of the networks, and the targets of the teachers."""

from collections.abc import Iterable, Mapping

from distill.report.markdown import count, interval, plain, signed, table
from distill.report.plateau import standing
from distill.report.records import Record
from distill.report.view import View

# target gains of our teachers: mean PSNR-Y over bicubic on D1 to D5
WANTED_DB = {"nafnet": 0.7, "nafnet-window": 1.0}


def training_table(records: Iterable[Record]) -> str:
    """How each network was trained, where and by which code, and its scores on its own held-out samples."""
    header = ["recipe", "data", "losses", "iterations", "hours", "core-hours", "last validation, dB", "curve"]
    return table(
        [*header, "own PSNR-Y, dB", "own SSIM-Y", "commit, machine"],
        (
            [
                record.name,
                record.data,
                _losses(record),
                _iterations(record),
                plain(record.seconds / 3600),
                plain(None if record.core_seconds is None else record.core_seconds / 3600),
                signed(record.curve[-1][1] if record.curve else None),
                standing(record),
                signed(record.own_gain("psnr_y")),
                signed(record.own_gain("ssim_y"), 4),
                ", ".join(text for text in (record.commit, record.machine) if text),
            ]
            for record in records
        ),
        left=(0, 1, 2, 7, 10),
    )


def _iterations(record: Record) -> str:
    """What it has had of its schedule, and in how many sittings."""
    done = count(record.iterations)
    if record.planned and record.iterations < record.planned:
        done += f" of {count(record.planned)}"
    return done + f", {record.sittings} sittings" * (record.sittings > 1)


def _losses(record: Record) -> str:
    """The losses with their weights: against the truth, then against the teachers."""
    parts = (record.losses, record.distillation)
    told = [", ".join(f"{name} {weight:g}" for name, weight in part.items()) for part in parts]
    return "; from teachers: ".join(text for text in told if text)


def wanted_table(view: View, records: Mapping[str, Record]) -> str | None:
    """Our teachers with target, measured gain and training budget; None if none was measured."""
    rows = [
        [
            name,
            signed(wanted, 1),
            interval(found.gain_db, found.low_db, found.high_db),
            "reached" if found.gain_db >= wanted else f"missed by {plain(wanted - found.gain_db)}",
            _budget(records.get(name)),
        ]
        for name, wanted in WANTED_DB.items()
        if (found := view.summary(name, view.main))
    ]
    header = ["teacher", "wanted, dB", "found (95%)", "verdict", "budget"]
    return table(header, rows, left=(0, 3, 4)) if rows else None


def _budget(record: Record | None) -> str:
    return f"{count(record.iterations)} iterations, {record.seconds / 60:.0f} minutes" if record else ""
