"""The evaluation for publication as a Markdown table."""

from statistics import fmean

from distill.publish.judgement import Judgement
from distill.report.markdown import plain, signed, table


def judgement_table(found: Judgement) -> str:
    """One line per clip: PSNR-Y gain under each degradation, and the PSNR of its worst undamaged frame."""
    gains = {(row.clip, row.degradation): row.psnr_gain for row in found.rows}
    clean = {row.clip: row.psnr for row in found.clean}
    labels = list(dict.fromkeys(row.degradation for row in found.rows))
    lines = [
        [clip, *(signed(gains.get((clip, label))) for label in labels), plain(clean.get(clip), 1)]
        for clip in dict.fromkeys([*(row.clip for row in found.rows), *clean])
    ]
    by_label = [[row.psnr_gain for row in found.rows if row.degradation == label] for label in labels]
    means = ["**mean**", *(signed(fmean(column)) for column in by_label), plain(fmean(clean.values()), 1)]
    worst = ["**worst**", *(signed(min(column)) for column in by_label), plain(min(clean.values()), 1)]
    return table(["clip", *labels, "clean"], [*lines, means, worst])
