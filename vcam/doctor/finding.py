"""What a check says."""

from dataclasses import dataclass

OK, WARNING, PROBLEM = "ok", "warning", "problem"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    check    the topic: "module", "node", "camera"
    level    ok; warning: the camera works, but not as well, or not always; problem: it does not
    message  what was found and, where that is not right, what was expected
    fix      one command that mends it; empty where there is nothing to mend, or no command does
    """

    check: str
    level: str
    message: str
    fix: str = ""


def ok(check: str, message: str) -> Finding:
    return Finding(check, OK, message)


def warning(check: str, message: str, fix: str = "") -> Finding:
    return Finding(check, WARNING, message, fix)


def problem(check: str, message: str, fix: str) -> Finding:
    return Finding(check, PROBLEM, message, fix)
