"""A summary of the results in a few sentences, and notes for readers of the tables.

Each sentence of the summary ends with a link to its section: a page of which some sections are redone alone
takes over the sentences of these, see distill.report.page.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from distill.evaluate.speed import PROCESSOR_TIME
from distill.report.ablation import HELPS, HURTS, Ablation, compare
from distill.report.claims import FREE, PARTLY, REACHED, UNASKED, UNMEASURED, find, published_systems
from distill.report.markdown import duration, interval, plain
from distill.report.reasons import MISSED
from distill.report.records import Record
from distill.report.summary import FULL_HD, HD, short
from distill.report.view import GROUPS, Contender, View

GAINS, CLAIMED, HELPING = "Gain and price", "Claimed and measured", "What helps, and what does not"
VERDICTS = {  # what a verdict begins with, as it is counted
    "reached on their own protocol": (REACHED,),
    "reached by the untouched input too": (FREE,),
    "reached on luma or against their teacher's picture only": PARTLY,
    "missed": (MISSED,),
    "not measured": (UNMEASURED,),
    "left open": (UNASKED,),
}


def in_short(view: View, records: Mapping[str, Record], ablation: Ablation | None) -> str:
    """A list with one line per finding; findings that were not measured are left out."""
    lines = [
        *_linked(_best_of(view), GAINS),
        *_linked(_published(view, published_systems(records)), CLAIMED),
        *_linked([_ablated(ablation)] if ablation else [], HELPING),
    ]
    return "\n".join(lines)


def _linked(lines: Iterable[str], title: str) -> Iterator[str]:
    for line in lines:
        yield f"- {line} {link_to(title)}"


def link_to(title: str) -> str:
    """A link to a section of the page, as GitHub names its heading."""
    return f"[↓](#{title.lower().replace(',', '').replace(' ', '-')})"


def _best_of(view: View) -> Iterator[str]:
    shipped, teacher, peer, sharpener = (
        view.best(group) for group in (GROUPS[0], GROUPS[2], GROUPS[4], GROUPS[5])
    )
    for each in view.of_group(GROUPS[0]):
        yield f"**{each.name}** (shipped): {_gain_and_time(view, each)}."
    if teacher:
        yield f"The best teacher, **{teacher.name}**: {_gain_and_time(view, teacher)}."
    if peer:
        than = f"; {_ratio(view, shipped, peer)}" if shipped else ""
        yield f"The best peer, **{peer.name}**: {_gain_and_time(view, peer)}{than}."
    if sharpener:
        yield f"The best filter, **{sharpener.name}**: {_gain_and_time(view, sharpener)}."


def _gain_and_time(view: View, contender: Contender) -> str:
    found, ms = view.summary(contender.name, view.main), view.ms(contender.name, HD)
    gain = f"{interval(found.gain_db, found.low_db, found.high_db)} dB" if found else "no gain measured"
    return f"{gain} over the input, {duration(ms)} ms at 720p" if ms else f"{gain} over the input"


def _ratio(view: View, shipped: Contender, peer: Contender) -> str:
    ours, theirs = view.ms(shipped.name, HD), view.ms(peer.name, HD)
    ahead = (view.gain(shipped.name, view.main) or 0.0) - (view.gain(peer.name, view.main) or 0.0)
    times = f" in {ours / theirs:.2f} of its time" if ours and theirs else ""
    return f"{shipped.name} gains {plain(abs(ahead))} dB {'more' if ahead >= 0 else 'less'}{times}"


def _published(view: View, records: Sequence[Record]) -> Iterator[str]:
    findings = [finding for record in records for finding in find(record, view)]
    if not findings:
        return
    counts = {
        told: sum(_begins(each.verdict, words) for each in findings) for told, words in VERDICTS.items()
    }
    counts["without a figure to reach"] = len(findings) - sum(counts.values())
    told = [f"{number} {words}" for words, number in counts.items() if number]
    yield f"Of {len(findings)} claims of published systems: {', '.join(told)}."
    hours = sorted(record.seconds / 3600 for record in records)
    yield (
        f"These systems were trained here on stand-ins for their pictures, {plain(hours[0])} to "
        f"{plain(hours[-1])} hours each: a missed claim says how far we came, nothing against its authors."
    )
    judged = [found for record in records if (found := view.summary(record.name, view.main)) is not None]
    if judged:
        better = sum(found.low_db > 0 for found in judged)
        yield (
            f"{better} of {len(judged)} of them make pictures from a codec better, their interval above "
            "nothing; none was made for these."
        )


def _begins(verdict: str, words: Sequence[str]) -> bool:
    """Whether a verdict is of these words; "reached" alone is another one than "reached on luma only"."""
    return verdict in words or any(verdict.startswith(f"{word} ") for word in words if word != REACHED)


def _ablated(ablation: Ablation) -> str:
    verdicts = {each.variant: each.verdict for each in compare(ablation.runs)}
    counts = {
        word: [name for name, verdict in verdicts.items() if verdict == word] for word in (HELPS, HURTS)
    }
    told = [f"{word}: {', '.join(names)}" for word, names in counts.items() if names]
    return (
        f"Of {len(verdicts) - 1} changes to the recipe, "
        + ("; ".join(told) or "none makes a difference")
        + "."
    )


def notes(view: View) -> str:
    """The sweep's notes on contenders: scales without a network, and those too slow to be timed."""
    lines: dict[str, list[str]] = {}
    for row in view.results.rows:
        if row.note:
            lines.setdefault(f"{row.contender}: {row.note}", []).append(short(row.degradation))
    told = [f"- {note} ({', '.join(sorted(set(labels)))})" for note, labels in lines.items()]
    told += [
        f"- {each.contender}, {each.size}: {each.note}"
        for each in view.results.speed
        if each.note not in ("", PROCESSOR_TIME) and each.size in (HD, FULL_HD)
    ]
    return "\n".join(told)
