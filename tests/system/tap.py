"""TAP, the test anything protocol: what a machine says of its checks, and what all of them amount to."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

RESULT = re.compile(r"^(not )?ok (\d+) - (.*?)(?: # SKIP (.*))?$")
PLAN = re.compile(r"^1\.\.(\d+)$")


@dataclass
class Tally:
    """Checks by what became of them."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    complaints: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.complaints += other.complaints

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def tally(lines: Iterable[str]) -> Tally:
    """Count results; a plan that is missing or not kept, as when a machine dies, is one failure more."""
    found = Tally()
    planned: int | None = None
    for line in lines:
        if plan := PLAN.match(line):
            planned = int(plan[1])
        elif result := RESULT.match(line):
            is_failure, _, name, reason = result.groups()
            if is_failure:
                found.failed += 1
                found.complaints.append(name)
            elif reason is not None:
                found.skipped += 1
            else:
                found.passed += 1
    count = found.passed + found.failed + found.skipped
    if planned is None or planned != count:
        found.failed += 1
        said = "ended without a plan" if planned is None else f"planned {planned} checks"
        found.complaints.append(f"the machine {said}, after {count} results")
    return found
