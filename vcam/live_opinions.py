"""How the live picture was judged in the panel, a line for each click; it stays on this machine."""

import json
import os
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from vcam.errors import ConfigError, VcamError
from vcam.regular import read_small

Opinion: TypeAlias = Literal["better", "same", "worse"]
OPINIONS: tuple[Opinion, ...] = get_args(Opinion)
LARGEST = 4_000_000  # bytes, some ten thousand clicks
PRIVATE = 0o600


class LiveOpinions:
    """The file of the judgements: JSON lines, the oldest first. Any thread may call any method."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writing = threading.Lock()

    def note(self, opinion: Opinion, moment: Mapping[str, object]) -> None:
        """Append one judgement with the settings of the moment. Raises VcamError if it cannot be written."""
        line = json.dumps({"opinion": opinion, **moment}) + "\n"
        with self._writing:
            try:
                self._append(line.encode())
            except OSError as error:
                raise VcamError(f"cannot write {self.path}: {error.strerror}; nothing was kept") from None

    def read(self) -> list[dict[str, Any]]:
        """All judgements; a line that a crash has cut is left out. Raises ConfigError."""
        try:
            content = read_small(self.path, LARGEST)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ConfigError(
                f"cannot read {self.path}: {error.strerror}; delete it with: sharpkd mos live --delete"
            ) from None
        return [found for line in content.splitlines() if (found := _parse(line))]

    def delete(self) -> None:
        """Forget all of them. Raises VcamError if that cannot be done."""
        with self._writing:
            try:
                self.path.unlink(missing_ok=True)
            except OSError as error:
                raise VcamError(f"cannot delete {self.path}: {error.strerror}") from None

    def counts(self) -> dict[str, int]:
        """How many there are of each kind."""
        return count_opinions(self.read())

    def _append(self, line: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        handle = os.open(self.path, flags, PRIVATE)
        with os.fdopen(handle, "r+b", buffering=0) as file:
            size = os.fstat(handle).st_size
            if size + len(line) > LARGEST:
                raise OSError(
                    0, f"it has {size} bytes, expected fewer than {LARGEST}: delete it in the panel"
                )
            is_cut = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            file.write(b"\n" * is_cut + line)


def count_opinions(found: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    counts = Counter(str(each["opinion"]) for each in found)
    return {opinion: counts[opinion] for opinion in OPINIONS}


def describe_opinions(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Counts, and the same for each model and look, in lines."""
    if not found:
        return ["the live picture was not judged yet; the panel asks below the picture: sharpkd open"]
    groups: dict[str, list[Mapping[str, Any]]] = {"all": list(found)}
    for each in found:
        name = f"{each.get('model')}, strength {each.get('strength')}, crispness {each.get('crispness')}"
        groups.setdefault(name, []).append(each)
    width = max(map(len, groups))
    return [
        f"{name:{width}}  "
        + ", ".join(f"{count} {opinion}" for opinion, count in count_opinions(own).items())
        for name, own in groups.items()
    ]


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    is_one = isinstance(found, dict) and found.get("opinion") in OPINIONS
    return found if is_one else None
