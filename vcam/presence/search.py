"""Which way of looking this machine's v4l2loopback allows."""

import logging
from pathlib import Path

from vcam.presence.census import PROC, REFERENCES, CensusProbe
from vcam.presence.events import EventProbe
from vcam.presence.kernel import WatchingKernel, WatchingLinux
from vcam.presence.probe import Probe
from vcam.v4l2loopback.usage_events import EVENT_TYPES, subscribe

log = logging.getLogger(__name__)


def find_probe(
    node: Path, kernel: WatchingKernel | None = None, *, proc: Path = PROC, references: Path = REFERENCES
) -> Probe | None:
    """The best probe for a virtual camera's node; None if there is none, and it counts as always watched."""
    kernel = kernel or WatchingLinux()
    for kind in EVENT_TYPES:
        if _knows(kernel, node, kind):
            log.info("%s tells who watches, event %#x", node, kind)
            return EventProbe(node, kind, kernel)
    try:
        probe = CensusProbe(node, kernel, proc=proc, references=references).open()
    except OSError as error:
        log.info("%s does not tell who watches (%s): the webcam stays open", node, error)
        return None
    log.info("%s does not tell who watches: counting who has it open", node)
    return probe


def _knows(kernel: WatchingKernel, node: Path, kind: int) -> bool:
    try:
        descriptor = kernel.open(node)
    except OSError:
        return False
    try:
        subscribe(kernel, descriptor, kind)
    except OSError:
        return False
    finally:
        kernel.close(descriptor)
    return True
