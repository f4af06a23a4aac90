"""docs/results.md and its pictures, assembled from all sections and written together."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from distill.report import sections
from distill.report.ablation import section as ablation_section
from distill.report.plots.bars import draw_bars, main_contenders
from distill.report.plots.curves import draw_curves
from distill.report.plots.pareto import draw_pareto
from distill.report.sections import PLOTS, Evidence, show

CAPTIONS = {
    "pareto.png": "gain in dB against milliseconds a frame",
    "degradations.png": "gain by degradation",
    "training.png": "gain by iteration, recipe by recipe",
}


@dataclass(frozen=True)
class Page:
    """A Markdown text and its PNG files by name."""

    text: str
    pictures: Mapping[str, bytes]


def make_page(evidence: Evidence) -> Page:
    """Make text and pictures in memory."""
    view, records = evidence.view, evidence.records
    drawn = {
        "pareto.png": draw_pareto(view),
        "degradations.png": draw_bars(view, main_contenders(view)),
        "training.png": draw_curves(list(records.values())),
    }
    shown = {name: show(name, CAPTIONS[name]) if content else "" for name, content in drawn.items()}
    paragraphs = [
        *sections.opening(evidence, shown["pareto.png"]),
        *sections.far_end(evidence.calls),
        *sections.matrices(view, shown["degradations.png"]),
        *sections.claims(view, records),
        *sections.training(view, records, shown["training.png"]),
        "## What helps, and what does not",
        ablation_section(evidence.ablation),
        *sections.crops(evidence),
        *sections.clips(view),
        *sections.method(evidence),
    ]
    pictures = {name: content for name, content in drawn.items() if content} | dict(evidence.crops)
    return Page("\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n", pictures)


def write_page(page: Page, path: Path) -> None:
    """Write the page and its pictures: all to temporary names first, then renamed."""
    folder = path.parent / PLOTS
    folder.mkdir(parents=True, exist_ok=True)
    files = {folder / name: content for name, content in page.pictures.items()}
    files[path] = page.text.encode()
    for place, content in files.items():
        place.with_name(f"{place.name}.tmp").write_bytes(content)
    for place in files:
        os.replace(place.with_name(f"{place.name}.tmp"), place)
