"""Sharpness of faces, as a Markdown table and as values for JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any, TypeAlias

from distill.evaluate.faces import FaceRow
from distill.report.markdown import plain, table

# metric: title, and number of significant decimals
COLUMNS = {
    "ratio": ("ratio", 2),
    "projection": ("projection", 2),
    "cosine": ("cosine", 2),
    "psnr_y": ("PSNR-Y", 1),
    "ssim_y": ("SSIM-Y", 3),
    "flicker": ("flicker", 2),
}

Means: TypeAlias = dict[str, float | None]  # metric: mean over the clips that have it


def faces_table(rows: Sequence[FaceRow]) -> str:
    """One line per look: means over the clips, with degradations separated by slashes."""
    lines = []
    for look, means in _by_look(rows):
        cells = [
            " / ".join(plain(each[name], digits) for each in means.values())
            for name, (_, digits) in COLUMNS.items()
        ]
        lines.append([look, *cells])
    damages = " / ".join(dict.fromkeys(row.degradation.split()[0] for row in rows))
    return table([f"faces, {damages}", *(title for title, _ in COLUMNS.values())], lines)


def summarise_faces(rows: Sequence[FaceRow]) -> dict[str, Any]:
    """Means over the clips by look and degradation, and the number of boxes of each clip."""
    return {
        "boxes": {row.clip: row.faces for row in rows},
        "looks": {
            look: {
                label: {name: None if mean is None else round(mean, 4) for name, mean in each.items()}
                for label, each in means.items()
            }
            for look, means in _by_look(rows)
        },
    }


def _by_look(rows: Sequence[FaceRow]) -> Iterator[tuple[str, dict[str, Means]]]:
    """Each look with its means by degradation."""
    for look in dict.fromkeys(row.look for row in rows):
        ours = [row for row in rows if row.look == look]
        labels = dict.fromkeys(row.degradation for row in ours)
        yield look, {label: _means([row for row in ours if row.degradation == label]) for label in labels}


def _means(rows: Sequence[FaceRow]) -> Means:
    found = [asdict(row.figures) for row in rows]
    known = {name: [each[name] for each in found if each[name] is not None] for name in COLUMNS}
    return {name: fmean(values) if values else None for name, values in known.items()}
