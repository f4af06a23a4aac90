"""Claims of published systems compared with measurements, and a verdict for each."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from distill.recipe import Claim
from distill.report.markdown import NOTHING, plain, signed, table
from distill.report.records import Record
from distill.report.view import INPUT, View

LOWER_IS_BETTER = {"mse"}
OTHER_COLOUR = {"ssim_rgb": "ssim_y", "ssim_y": "ssim_rgb", "psnr_rgb": "psnr_y", "psnr_y": "psnr_rgb"}
IN_WORDS = {"ssim_y": "on luma", "psnr_y": "on luma", "ssim_rgb": "on RGB", "psnr_rgb": "on RGB"}
IN_SWEEP = ("ssim_rgb", "ssim_y", "psnr_y", "ms_ssim")  # metrics that the sweep has too
SPEED = "fps "
SERVED = "served"  # the metric of a system that answers over HTTP: pictures answered
REACHED, FREE, UNMEASURED = "reached", "reached, as by the untouched input", "not measured"
UNASKED = "left open"  # no figure of ours can decide it
BY_OURS = "answered, by our own models"
PARTLY = "reached against", "reached on"  # what these verdicts begin with
NO_NUMBER = "no number is claimed"


@dataclass(frozen=True)
class Finding:
    """One claim with the measured values; None if not measured, or if the claim is not a number."""

    claim: Claim
    found: float | None = None
    untouched: float | None = None  # the same metric of the input
    against_teacher: float | None = None  # the same metric with the teacher's output as truth
    other_colour: float | None = None  # the same metric on luma instead of RGB, or the reverse
    on_calls: float | None = None  # the same metric under the sweep's main set
    on_calls_untouched: float | None = None

    @property
    def key(self) -> str:
        """The metric without the prefix that says whose picture is scored: ssim_rgb."""
        return self.claim.metric.rpartition(".")[2]

    @property
    def verdict(self) -> str:
        """The verdict on the claim."""
        wanted = read_number(self.claim.claimed)
        if self.found is None:
            return UNMEASURED if self.claim.metric else UNASKED
        if self.key == SERVED:
            return BY_OURS
        if wanted is None:
            return NO_NUMBER
        if self._is_reached(self.found):
            return FREE if self._is_reached(self.untouched) else REACHED
        worse = self.untouched is not None and self._is_better(self.untouched, self.found)
        tail = "; worse than the untouched input" if worse else ""
        if self._is_reached(self.against_teacher):
            return f"reached against its teacher only{tail}"
        if self._is_reached(self.other_colour):
            return f"reached {IN_WORDS[OTHER_COLOUR[self.key]]} only{tail}"
        return f"missed by {plain(abs(wanted - self.found), digits_of(self.key))}{tail}"

    def _is_better(self, one: float, other: float) -> bool:
        return one < other if self.key in LOWER_IS_BETTER else one > other

    def _is_reached(self, value: float | None) -> bool:
        wanted = read_number(self.claim.claimed)
        if value is None or wanted is None:
            return False
        slack = rounding_of(self.claim.claimed)
        return value <= wanted + slack if self.key in LOWER_IS_BETTER else value >= wanted - slack


def read_number(claimed: str) -> float | None:
    """The first number of a claim: "35 to 40 fps" is reached at 35."""
    found = re.search(r"\d+(?:\.\d+)?", claimed)
    return float(found.group()) if found else None


def rounding_of(claimed: str) -> float:
    """Half a unit of the claim's last digit: 0.905 counts as 0.91. Bounds ("> 0.9") have no tolerance."""
    found = re.search(r"\d+(?:\.(\d+))?", claimed)
    return 0.0 if not found or ">" in claimed or "<" in claimed else 0.5 * 10.0 ** -len(found.group(1) or "")


def find(record: Record, view: View) -> list[Finding]:
    """Compare each of a record's claims with its own scores and the sweep's timings."""
    return [_find(claim, record, view) for claim in record.claims]


def _find(claim: Claim, record: Record, view: View) -> Finding:
    if claim.metric == SERVED:
        return Finding(claim, float(view.served.answered) if view.served else None)
    if SPEED in claim.metric:
        name, _, size = claim.metric.partition(SPEED)
        speed = view.speed(name.strip() or record.name, size)
        return Finding(claim, None if speed is None else speed.fps)
    side, _, key = claim.metric.rpartition(".")
    side = side or "output"
    if record.own.get(side, {}).get(key) is None:
        return Finding(claim)
    is_students = side == "output" and key in IN_SWEEP
    after = view.mean(record.name, key) if is_students else None
    return Finding(
        claim,
        found=record.own[side][key],
        untouched=record.own["input"].get(key),
        against_teacher=record.own.get("against_teacher", {}).get(key) if side == "output" else None,
        other_colour=record.own[side].get(OTHER_COLOUR.get(key, "")),
        on_calls=after,
        on_calls_untouched=view.mean(INPUT, key) if after is not None else None,
    )


def overview(records: Sequence[Record], view: View) -> str:
    """One row per system: claims reached, gain on its own protocol, gain on ours."""
    header = ["system", "claims reached", "own protocol: PSNR-Y, dB", "SSIM-RGB"]
    header += [f"{view.main_title}: PSNR-Y, dB", "SSIM-Y"]
    rows = []
    for record in records:
        findings = find(record, view)
        held = [each for each in findings if each.verdict in (REACHED, FREE)]
        free = [each for each in held if each.verdict == FREE]
        rows.append(
            [
                record.name,
                f"{len(held)} of {len(findings)}" + f", {len(free)} by the untouched input too" * bool(free),
                signed(record.own_gain("psnr_y")),
                signed(record.own_gain("ssim_rgb"), 4),
                signed(view.gain(record.name, view.main)),
                signed(view.mean(record.name, "ssim_y_gain"), 4),
            ]
        )
    return table(header, rows, left=(0, 1))


def system_table(record: Record, view: View) -> str:
    """Every claim of one system with the measured value."""
    header = ["claim", "claimed", "own protocol", "against its teacher", "untouched input"]
    header += [f"call frames, {view.main_title} (input)", "verdict"]
    return table(header, [_cells(each) for each in find(record, view)], left=(0, 1, 6))


def _cells(finding: Finding) -> list[str]:
    digits = digits_of(finding.key)
    on_calls = f"{plain(finding.on_calls, digits)} ({plain(finding.on_calls_untouched, digits)})"
    return [
        f"{finding.claim.what}, {finding.claim.metric or 'no metric'}",
        finding.claim.claimed,
        plain(finding.found, digits),
        plain(finding.against_teacher, digits),
        plain(finding.untouched, digits),
        on_calls if finding.on_calls is not None else NOTHING,
        finding.verdict,
    ]


def digits_of(key: str) -> int:
    if key == SERVED:
        return 0
    return 1 if SPEED in key else 2 if key.startswith("psnr") else 4


def published_systems(records: Mapping[str, Record]) -> list[Record]:
    """The records of published systems: those with claims."""
    return [record for record in records.values() if record.claims]
