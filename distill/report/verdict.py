"""The results of `evaluate` as a Markdown table and as values for JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

from distill.evaluate.judge import Row
from distill.evaluate.tally import Figures, mean_figures
from distill.report.markdown import percent, plain, signed, table

HEADER = (
    *("clip", "degradation", "PSNR-Y in", "gain", "SSIM-Y in", "gain", "PSNR-U", "PSNR-V"),
    *(
        "CIEDE2000 in",
        "change",
        "flicker in",
        "change",
        "moving",
        "behind edges",
        "still",
        "worst frame",
        "computed",
    ),
)


def verdict_table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table, followed by the mean of each degradation and the worst.

    PSNR-U, PSNR-V, moving, behind edges and still are gains in dB; the worst frame is a PSNR in dB.
    """
    lines = [[row.clip, row.degradation, *_cells(row.before, row.after, row.computed)] for row in rows]
    lines += [
        ["**mean**", label, *_cells(mean_figures([row.before for row in each]), *_means(each))]
        for label, each in by_degradation(rows)
    ]
    worst = min(rows, key=lambda row: row.psnr_gain)
    blank = [""] * (len(HEADER) - 4)
    lines.append([f"worst: {worst.clip}", worst.degradation, "", signed(worst.psnr_gain, 3), *blank])
    return table(HEADER, lines, left=(0, 1))


def by_degradation(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    for label in dict.fromkeys(row.degradation for row in rows):
        yield label, [row for row in rows if row.degradation == label]


def _means(rows: Sequence[Row]) -> tuple[Figures, float]:
    return mean_figures([row.after for row in rows]), fmean(row.computed for row in rows)


def _cells(before: Figures, after: Figures, computed: float) -> list[str]:
    gains = {name: gain(before, after, name) for name in asdict(before)}
    flicker = None if not before.flicker or gains["flicker"] is None else gains["flicker"] / before.flicker
    return [
        *(plain(before.psnr_y), signed(gains["psnr_y"])),
        *(plain(before.ssim_y, 4), signed(gains["ssim_y"], 4)),
        *(signed(gains["psnr_u"]), signed(gains["psnr_v"])),
        *(plain(before.ciede2000), signed(gains["ciede2000"])),
        *(plain(before.flicker), percent(flicker)),
        *(signed(gains[name]) for name in ("psnr_moving", "psnr_behind", "psnr_still")),
        *(plain(after.psnr_worst), plain(computed)),
    ]


def gain(before: Figures, after: Figures, name: str) -> float | None:
    """The gain of a score; None if not measured."""
    low, high = getattr(before, name), getattr(after, name)
    return None if low is None or high is None else high - low


def mean_gains(rows: Sequence[Row]) -> dict[str, Any]:
    """Means per degradation: of the input, of each score's gain, and of the computed share."""
    return {
        label: {
            "clips": len(each),
            "in": _rounded(asdict(mean_figures([row.before for row in each]))),
            "gain": _rounded(_mean_gain(each)),
            "computed": round(fmean(row.computed for row in each), 4),
        }
        for label, each in by_degradation(rows)
    }


def _mean_gain(rows: Sequence[Row]) -> dict[str, float | None]:
    gains = {name: [gain(row.before, row.after, name) for row in rows] for name in asdict(rows[0].before)}
    known = {name: [value for value in values if value is not None] for name, values in gains.items()}
    return {name: fmean(values) if values else None for name, values in known.items()}


def _rounded(figures: dict[str, float | None]) -> dict[str, float | None]:
    return {name: None if value is None else round(value, 4) for name, value in figures.items()}
