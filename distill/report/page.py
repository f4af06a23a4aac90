"""docs/results.md and its pictures, assembled from all sections and written together."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from distill.report import sections
from distill.report.ablation import section as ablation_section
from distill.report.brief import link_to
from distill.report.plots.bars import draw_bars, main_contenders
from distill.report.plots.curves import draw_curves
from distill.report.plots.pareto import draw_pareto
from distill.report.sections import PLOTS, Evidence, show
from vcam.errors import SourceError

NOTE = "**Partly redone.**"  # begins a paragraph on sections that are newer than the rest
OLDER = "All others are older, see the end of the page, and show the networks of then."

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
        *sections.taught(evidence.taught),
        "## What helps, and what does not",
        ablation_section(evidence.ablation),
        *sections.crops(evidence),
        *sections.clips(view),
        *sections.method(evidence),
    ]
    pictures = {name: content for name, content in drawn.items() if content} | dict(evidence.crops)
    return Page("\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n", pictures)


def replace_sections(old: str, new: Page, titles: Sequence[str], told: str) -> Page:
    """A page with some sections, and their pictures, as in a newer one; the others stay as they were.

    The sentences of the summary that link to these sections are the newer ones, too. A section that the older
    page lacks comes after the one that it follows in the newer page.

    titles   headings of the sections: "Training"
    told     of when, where and what the newer ones are; a paragraph before the first section says so of each
             part of the page that was redone

    Raises SourceError if the newer page lacks one of the sections.
    """
    before, after = _split(old), _split(new.text)
    for title in titles:
        if title not in after:
            known = ", ".join(title for title in after if title)
            raise SourceError(f"the page has no section {title!r}; choose some of: {known}")
        before = _replace(before, title, after)
    parts = before[""].strip().split("\n\n")
    opening = [part for part in parts if not part.startswith(NOTE)]
    notes = _notes([part for part in parts if part.startswith(NOTE)], titles, told)
    summary = opening.pop() if opening[-1].startswith("- ") else ""
    opening.append(_join_summaries(summary, after[""].strip().split("\n\n")[-1], titles))
    before[""] = "\n\n".join([*opening[:2], notes, *opening[2:]]) + "\n\n"
    redone = [after[title] for title in titles]
    pictures = {
        name: each for name, each in new.pictures.items() if any(f"/{name})" in part for part in redone)
    }
    return Page("".join(before.values()).rstrip() + "\n", pictures)


def _replace(sections: Mapping[str, str], title: str, newer: Mapping[str, str]) -> dict[str, str]:
    """Sections with one of a newer page; one that they lack comes after the one that it follows there."""
    if title in sections:
        return {**sections, title: newer[title]}
    before = [each for each in list(newer)[: list(newer).index(title)] if each in sections]
    entries = list(sections.items())
    entries.insert(list(sections).index(before[-1]) + 1, (title, newer[title]))
    return dict(entries)


def _notes(older: Sequence[str], titles: Sequence[str], told: str) -> str:
    """One paragraph on all that was redone; sentences of before keep the sections that are not newer."""
    sentences = []
    for line in "\n".join(older).splitlines():
        named = [title for title in re.findall(r"\*([^*]+)\*(?=, | are )", line) if title not in titles]
        if named and " are of " in line:
            sentences.append(_sentence(named, line[line.index(" are of ") + len(" are ") :]))
    return "\n".join([NOTE, *sentences, _sentence(titles, told), OLDER])


def _sentence(titles: Sequence[str], told: str) -> str:
    return f"{', '.join(f'*{title}*' for title in titles)} are {told}"


def _join_summaries(old: str, new: str, titles: Sequence[str]) -> str:
    """The lines of two summaries: of the newer one those that link to `titles`, of the older one the rest.

    A line without a link, as pages of before have them, is of no section and is left out.
    """
    links = tuple(link_to(title) for title in titles)
    older = [line for line in old.splitlines() if "](#" in line and not line.endswith(links)]
    newer = [line for line in new.splitlines() if line.endswith(links)]
    order = {link.rpartition("[")[2]: place for place, link in enumerate(new.splitlines())}
    return "\n".join(sorted([*older, *newer], key=lambda line: order.get(line.rpartition("[")[2], 0)))


def _split(text: str) -> dict[str, str]:
    """The sections of a page by heading, heading included; what is before the first one under ""."""
    opening, *parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    sections = {part.partition("\n")[0].removeprefix("## "): part for part in parts}
    return {"": opening, **{title: f"{part.rstrip()}\n\n" for title, part in sections.items()}}


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
