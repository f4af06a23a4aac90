"""Why a published claim and its measurement differ: from the figures, then in the recipe's own words."""

from collections.abc import Iterator

from distill.report.claims import (
    FREE,
    IN_WORDS,
    LOWER_IS_BETTER,
    OTHER_COLOUR,
    PARTLY,
    SERVED,
    SPEED,
    Finding,
    digits_of,
    find,
    read_number,
)
from distill.report.markdown import plain
from distill.report.plateau import is_at_rest, standing
from distill.report.records import Record
from distill.report.view import View

MISSED = "missed"  # what the verdict begins with


def reasons(record: Record, view: View) -> Iterator[str]:
    """One line for each claim that there is something to say about."""
    for finding in find(record, view):
        told = [*_numbers(finding), *_causes(finding, record, view), finding.claim.why]
        if text := " ".join(sentence for sentence in told if sentence):
            yield f"- *{finding.claim.what}*: {text}"


def _numbers(finding: Finding) -> Iterator[str]:
    wanted, digits = finding.claim.claimed, digits_of(finding.key)
    if finding.verdict == FREE:
        yield f"The input has {plain(finding.untouched, digits)} already; {wanted} shows nothing."
    if finding.on_calls is not None and finding.found is not None:
        yield _why_calls_differ(finding, digits)
    if "teacher only" in finding.verdict:
        found, taught = plain(finding.found, digits), plain(finding.against_teacher, digits)
        yield f"Against the truth it is {found}; {taught} is against its teacher's picture."
    if finding.verdict.startswith("reached on"):
        other = OTHER_COLOUR[finding.key]
        yield f"{plain(finding.other_colour, digits)} is what it is {IN_WORDS[other]}."


def _why_calls_differ(finding: Finding, digits: int) -> str:
    """One sentence on why a score on frames of calls is another one."""
    assert finding.on_calls is not None
    change = finding.on_calls - (finding.on_calls_untouched or 0.0)
    by, is_better = plain(abs(change), digits), (change < 0) == (finding.key in LOWER_IS_BETTER)
    told = f"better, by {by}, though" if is_better else f"worse, by {by}:"
    return (
        f"On frames of calls it makes the input {told} a codec's blocks, which it has never seen, are damage "
        "of another kind than its own."
    )


def _causes(finding: Finding, record: Record, view: View) -> Iterator[str]:
    """What a shortfall comes from, as far as figures tell: arithmetic, or training that could go on."""
    if finding.claim.metric == SERVED:
        yield _served(view)
    elif not finding.verdict.startswith((MISSED, *PARTLY)):
        return
    elif SPEED in finding.claim.metric:
        yield _arithmetic(finding, record)
    elif finding.claim.metric == finding.key and not is_at_rest(record):
        yield f"Its training could go on: {standing(record)}."


def _served(view: View) -> str:
    served = view.served
    if served is None:
        return ""
    width, height = served.size
    refused = f", and refused {served.refused} while too many waited" * bool(served.refused)
    return (
        f"`sharpkd serve` ([serve](serve.md)) answered {served.answered} of {served.requests} requests, each "
        f"with the restored picture of one of {width}x{height}{refused}. It does so with our models: this "
        "network is not among them."
    )


def _arithmetic(finding: Finding, record: Record) -> str:
    """What the claimed frames a second take of a processor; only of the record's own network."""
    name, _, size = finding.claim.metric.partition(SPEED)
    wanted = read_number(finding.claim.claimed)
    if name.strip() or wanted is None or finding.found is None:
        return ""
    width, _, height = size.rpartition(" ")[2].partition("x")
    tera = record.macs_per_pixel * int(width) * int(height) / 1e12
    return (
        f"{wanted:g} frames a second of this size are {tera * wanted:.3g} TMAC a second; "
        f"one thread of this machine does {tera * finding.found:.2g}."
    )
