"""How restoration over HTTP answered, from the last line of `python -m bench.serve load`."""

import json
from dataclasses import dataclass
from pathlib import Path

from vcam.errors import SourceError

OK = "200"
BUSY = ("429", "503")


@dataclass(frozen=True)
class Served:
    """Requests of a load of pictures of `size` (width, height): how many were answered with a picture, and
    how many refused since the server had too much to do."""

    requests: int
    answered: int
    refused: int
    size: tuple[int, int]


def read_served(path: Path) -> Served:
    """Raises SourceError if the file is not what the bench printed."""
    try:
        found = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
        statuses = [row["statuses"] for row in found["clients"].values()]
        width, height = found["size"]
        return Served(
            requests=sum(sum(each.values()) for each in statuses),
            answered=sum(each.get(OK, 0) for each in statuses),
            refused=sum(each.get(status, 0) for each in statuses for status in BUSY),
            size=(int(width), int(height)),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise SourceError(
            f"cannot read {path}: {error!r}; run: python -m bench.serve load | tail -n 1 > {path}"
        ) from None
