"""The first tables: gain of each contender, its cost, and where it does harm."""

from collections.abc import Callable, Mapping

from distill.report.costs import Cost
from distill.report.markdown import (
    NOTHING,
    count,
    duration,
    heading_row,
    interval,
    percent,
    plain,
    signed,
    table,
)
from distill.report.view import CLEAN, GROUPS, INPUT, WEBCAM, Contender, View

HD, FULL_HD = "1280x720", "1920x1080"
NO_COST = Cost(None, None)


def picture_table(view: View, costs: Mapping[str, Cost]) -> str:
    """Gains and costs of every contender under the main set of degradations."""
    header = ["contender", "PSNR-Y, dB (95%)", "SSIM-Y", "MS-SSIM", "VMAF", "VMAF-NEG", "PSNR-U", "PSNR-V"]
    header += ["CIEDE2000", "flicker", "parameters", "MAC/px", "ms, 720p", "ms, 1080p"]

    def row(contender: Contender) -> list[str]:
        name, cost = contender.name, costs.get(contender.name, NO_COST)
        return [
            name,
            _gain(view, name),
            signed(view.mean(name, "ssim_y_gain"), 4),
            signed(view.mean(name, "ms_ssim_gain"), 4),
            signed(view.mean(name, "vmaf_gain"), 1),
            signed(view.mean(name, "vmaf_neg_gain"), 1),
            signed(view.mean(name, "psnr_u_gain")),
            signed(view.mean(name, "psnr_v_gain")),
            signed(view.mean(name, "ciede2000_gain")),
            percent(flicker_change(view, name)),
            count(cost.parameters),
            count(cost.macs_per_pixel),
            duration(view.ms(name, HD)),
            duration(view.ms(name, FULL_HD)),
        ]

    return table(header, grouped(view, row, len(header)))


def harm_table(view: View) -> str:
    """The worst results of each contender, and its effect on pictures without link damage."""
    header = ["contender", "worst clip and degradation", "dB", "worst 5% of frames, dB", "W, dB", "clean, dB"]

    def row(contender: Contender) -> list[str]:
        name, found = contender.name, view.summary(contender.name, view.main)
        return [
            name,
            f"{found.worst_clip}, {short(found.worst_degradation)}" if found else NOTHING,
            signed(found.worst_db if found else None),
            signed(found.worst_frames_db if found else None),
            signed(view.gain(name, WEBCAM)),
            plain(view.mean(name, "psnr_y", CLEAN), 1),
        ]

    return table(header, grouped(view, row, len(header)), left=(0, 1))


def grouped(view: View, row: Callable[[Contender], list[str]], columns: int) -> list[list[str]]:
    """One row per contender, by group, the greatest gain first."""
    lines = []
    for group in GROUPS:
        members = view.of_group(group)
        lines += [heading_row(group, columns)] * bool(members) + [row(member) for member in members]
    return lines


def _gain(view: View, name: str) -> str:
    found = view.summary(name, view.main)
    return interval(found.gain_db, found.low_db, found.high_db) if found else NOTHING


def flicker_change(view: View, name: str) -> float | None:
    """Relative change of flicker in static parts against the input; -0.1 is a tenth less."""
    after, before = view.mean(name, "flicker"), view.mean(name, "flicker_input")
    return None if after is None or not before else after / before - 1


def short(degradation: str) -> str:
    """ "D1 x1 crf36" as D1."""
    return degradation.split()[0]


def input_sentence(view: View) -> str:
    """A sentence with the scores of the unchanged input, which gains are relative to."""
    figures = [
        f"PSNR-Y {plain(view.mean(INPUT, 'psnr_y'))} dB",
        f"SSIM-Y {plain(view.mean(INPUT, 'ssim_y'), 4)}",
        f"MS-SSIM {plain(view.mean(INPUT, 'ms_ssim'), 4)}",
        f"VMAF {plain(view.mean(INPUT, 'vmaf'), 1)}",
        f"VMAF-NEG {plain(view.mean(INPUT, 'vmaf_neg'), 1)}",
        f"CIEDE2000 {plain(view.mean(INPUT, 'ciede2000'))}",
        f"flicker {plain(view.mean(INPUT, 'flicker'))} code values",
    ]
    return f"The input, scaled up by bicubic interpolation, has {', '.join(figures)}; all of it is free."
