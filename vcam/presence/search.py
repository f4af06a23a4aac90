"""Which way of looking this machine's v4l2loopback allows."""

import logging
from pathlib import Path

from vcam.presence.census import PROC, REFERENCES, CensusProbe
from vcam.presence.events import KINDS, EventProbe, subscribe
from vcam.presence.kernel import Kernel, Linux
from vcam.presence.probe import Probe

log = logging.getLogger(__name__)


def find_probe(
    node: Path, kernel: Kernel | None = None, *, proc: Path = PROC, references: Path = REFERENCES
) -> Probe | None:
    """The best probe for a virtual camera's node; None if there is none, and it counts as always watched."""
    kernel = kernel or Linux()
    for kind in KINDS:
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


def _knows(kernel: Kernel, node: Path, kind: int) -> bool:
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
