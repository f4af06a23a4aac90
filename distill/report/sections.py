"""The sections of the page, each as its paragraphs; empty sections are left out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from distill.evaluate.farend import Arrived
from distill.evaluate.speed import PROCESSOR_TIME
from distill.report import words
from distill.report.ablation import Ablation
from distill.report.brief import in_short, notes
from distill.report.claims import overview, published_systems, system_table
from distill.report.costs import Cost
from distill.report.farend import bits_table, gain_table, measured_figures
from distill.report.markdown import span
from distill.report.matrices import by_clip, by_content, by_degradation
from distill.report.networks import network_table
from distill.report.reasons import reasons
from distill.report.records import Record
from distill.report.studies import call_table
from distill.report.summary import harm_table, input_sentence, picture_table
from distill.report.taught import section as taught_section
from distill.report.training import training_table, wanted_table
from distill.report.view import GROUPS, View

PLOTS = "plots"  # folder beside the page


@dataclass(frozen=True)
class Evidence:
    """All results, and the crops by file name."""

    view: View
    records: Mapping[str, Record]
    costs: Mapping[str, Cost]
    ablation: Ablation | None
    measured: date
    crops: Mapping[str, bytes] = field(default_factory=dict)
    crops_credit: str = ""
    calls: Sequence[Arrived] = ()
    taught: Sequence[Ablation] = ()


def show(name: str, caption: str) -> str:
    """Markdown of a picture in the folder of plots."""
    return f"![{caption}]({PLOTS}/{name})"


def is_busy(view: View) -> bool:
    """Whether the machine had other work while contenders were timed."""
    return any(each.note == PROCESSOR_TIME for each in view.results.speed)


def opening(evidence: Evidence, pareto: str) -> Iterator[str]:
    """The most important results, and the tables of all contenders."""
    view = evidence.view
    count = len(view.clips)
    yield f"{words.HEADER}\n\n# Results"
    yield words.OPENING.format(clips=f"{count} clip{'s' * (count != 1)}", main=view.main_title)
    yield in_short(view, evidence.records, evidence.ablation)
    yield "## Gain and price"
    yield input_sentence(view)
    yield picture_table(view, evidence.costs)
    yield f"{words.PRICE.format(main=view.main_title)} {words.PROCESSOR_TIME * is_busy(view)}".strip()
    yield pareto
    yield "### Where it does harm"
    yield harm_table(view)
    yield words.HARM
    yield notes(view)


def far_end(calls: Sequence[Arrived]) -> Iterator[str]:
    """Far-end quality of calls."""
    if not calls:
        return
    count = len({each.clip for each in calls})
    yield "## At the far end of the call"
    yield words.FAR_END
    yield gain_table(calls)
    yield words.BITS.format(clips=f"{count} clip{'s' * (count != 1)}")
    for figure, title in measured_figures(calls).items():
        yield f"**At equal {title}**"
        yield bits_table(calls, figure)


def matrices(view: View, bars: str) -> Iterator[str]:
    """Gains by degradation and by content."""
    yield "## By degradation"
    yield words.DEGRADATIONS
    yield by_degradation(view)
    yield bars
    if len(view.contents) > 1:
        yield "## By content"
        yield words.CONTENTS.format(main=view.main_title)
        yield by_content(view)


def claims(view: View, records: Mapping[str, Record]) -> Iterator[str]:
    """Claims of published systems and measurements."""
    systems = published_systems(records)
    yield "## Claimed and measured"
    if not systems:
        yield words.NO_RECORDS
        return
    yield words.CLAIMS
    yield overview(systems, view)
    if on_calls := call_table(view, records):
        yield f"{words.ON_CALLS} {words.PROCESSOR_TIME * is_busy(view)}".strip()
        yield on_calls
    for record in systems:
        yield f"### {record.name}: {record.title}"
        yield f"{record.data}; {record.iterations:,} iterations."
        yield system_table(record, view)
        yield "\n".join(reasons(record, view))


def training(view: View, records: Mapping[str, Record], curves: str) -> Iterator[str]:
    """The networks and their training."""
    yield "## Networks"
    yield network_table()
    yield "## Training"
    if not records:
        yield words.NO_RECORDS
        return
    yield words.TRAINING
    yield training_table(records.values())
    yield curves
    if wanted := wanted_table(view, records):
        yield words.WANTED.format(main=view.main_title)
        yield wanted


def taught(ablations: Sequence[Ablation]) -> Iterator[str]:
    """What teachers are worth."""
    if ablations:
        yield "## With and without a teacher"
        yield taught_section(ablations)


def crops(evidence: Evidence) -> Iterator[str]:
    """The crops."""
    yield "## Side by side"
    if not evidence.crops:
        yield words.NO_CROPS
        return
    yield f"{words.CROPS} {evidence.crops_credit}".strip()
    yield from (show(name, name.removesuffix(".png")) for name in evidence.crops)


def clips(view: View) -> Iterator[str]:
    """Every clip, for the shipped students."""
    shipped = view.of_group(GROUPS[0])
    if shipped:
        yield "## Clip by clip"
        yield words.CLIPS
    for contender in shipped:
        yield f"**{contender.name}**"
        yield by_clip(view, contender.name)


def method(evidence: Evidence) -> Iterator[str]:
    """Commands, machine, versions and settings."""
    view = evidence.view
    machine, settings = view.results.machine, view.results.settings
    versions = [f"{name} {number}" for name, number in machine["versions"].items() if number]
    yield "## How it was measured"
    yield words.COMMANDS
    yield words.MACHINE.format(
        **{key: machine[key] for key in ("commit", "cpu", "cores", "threads", "system")},
        date=evidence.measured.isoformat(),
        versions=", ".join(versions),
    )
    yield words.METHOD.format(
        clips=", ".join(view.clips),
        scored=span(row.frames for row in view.results.rows),
        first=settings["first"],
        seed=settings["seed"],
    )
