"""What a node says of itself, as far as a choice between cameras needs it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from vcam.deadline import call_within
from vcam.v4l2.device import Card, Kernel, Linux, fourcc_name, query
from vcam.v4l2.modes import has_single_sizes, list_formats

# a webcam that was asleep answers within one, on a machine that a browser keeps busy within three
LOOK_S = 6.0


@dataclass(frozen=True)
class Look:
    """A node at this moment.

    fourccs   of the pictures that it gives, as V4L2 writes them: MJPG, YUYV
    is_fixed  whether it names single sizes: a v4l2loopback does so only while somebody writes to it
    """

    card: Card
    fourccs: tuple[str, ...] = ()
    is_fixed: bool = False


LookAt: TypeAlias = Callable[[Path], Look | None]


def look_at(path: Path, kernel: Kernel | None = None) -> Look | None:
    """What the node at a path says, or None if it cannot be asked: no permission, no V4L2 node.

    It is asked before each opening, so that few questions are: neither all sizes nor rates.
    """
    kernel = kernel or Linux()
    try:
        node = kernel.open(str(path))
    except OSError:
        return None
    try:
        card = query(kernel, node)
        formats = list_formats(kernel, node) if card.is_capture else []
        is_fixed = any(has_single_sizes(kernel, node, fourcc) for fourcc in formats)
    except OSError:
        return None
    finally:
        kernel.close(node)
    return Look(card, tuple(dict.fromkeys(map(fourcc_name, formats))), is_fixed)


def look_within(path: Path) -> Look | None:
    """The same of a node whose driver may hang. Raises NoAnswerError then."""
    return call_within(LOOK_S, f"look at {path}", lambda: look_at(path))
