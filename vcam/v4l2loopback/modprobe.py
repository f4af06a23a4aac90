"""What the files of modprobe.d(5) say of v4l2loopback, in the order in which modprobe joins them."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from vcam.v4l2loopback.module import MODULE

# a file in an earlier one hides those of its name in a later one
FOLDERS = (
    "etc/modprobe.d",
    "run/modprobe.d",
    "usr/local/lib/modprobe.d",
    "usr/lib/modprobe.d",
    "lib/modprobe.d",
)
LINE = re.compile(rf"options\s+{MODULE}\s+(.+)")


@dataclass(frozen=True)
class OptionsLine:
    """One line of a file: the module's parameters that it sets."""

    path: Path
    options: Mapping[str, str]

    @property
    def labels(self) -> list[str]:
        """The cameras' names; empty if the line sets none."""
        return self.options["card_label"].split(",") if "card_label" in self.options else []


def read_options(root: Path = Path("/")) -> list[OptionsLine]:
    """The module's lines below a root, by the names of their files: of each parameter the last one counts."""
    files: dict[str, Path] = {}
    for folder in FOLDERS:
        for path in (root / folder).glob("*.conf"):
            files.setdefault(path.name, path)
    return [OptionsLine(files[name], options) for name in sorted(files) for options in _parse(files[name])]


def last_labels(lines: list[OptionsLine]) -> OptionsLine | None:
    """The line whose labels count; None if none has any."""
    return next((line for line in reversed(lines) if line.labels), None)


def _parse(path: Path) -> Iterator[dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace").replace("\\\n", "")
    except OSError:
        return
    for match in filter(None, (LINE.fullmatch(line.strip()) for line in text.splitlines())):
        words = (word.partition("=") for word in _split(match[1]))
        yield {key: value for key, _, value in words}


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # a quote without its other half
        return text.split()
