"""Whether programs list our node: the rules of Chromium and Firefox, asked of the node as they ask it.

Chromium, and with it Chrome, Edge, Meet and Teams on the web, takes a node that is CAPTURE and not OUTPUT,
with a fourcc that it knows and a discrete size. Firefox tries fixed sizes and takes those that come back
unchanged. Both were read in their sources.
"""

from pathlib import Path

from vcam.doctor.case import Case
from vcam.doctor.finding import Finding, ok, problem, warning
from vcam.doctor.machine import Machine
from vcam.doctor.output import SET_SINK, find_output, reload
from vcam.frame import Size
from vcam.v4l2.device import Card, query
from vcam.v4l2.modes import Mode, list_formats, list_modes, takes_size

CHECK = "listing"
CHROMIUM_FOURCCS = frozenset(("YU12", "NV12", "Y16", "Z16", "INVZ", "YUYV", "UYVY", "RGB3", "MJPG", "JPEG"))
FIREFOX_SIZES: tuple[Size, ...] = (
    *((128, 96), (160, 120), (176, 144), (320, 240), (352, 288), (640, 480), (704, 576), (800, 600)),
    *((960, 720), (1280, 720), (1024, 768), (1440, 1080), (1920, 1080)),
)
RESIZE = "sharpkd set size 1280x720 --save && sharpkd restart"


def check_listing(case: Case, machine: Machine) -> list[Finding]:
    """Nothing where there is no node, or where it may not be opened: other checks say that."""
    node = find_output(case, machine)
    if node is None or machine.try_open(node) is not None:
        return []
    card, modes, sizes = look_at(machine, node)
    if card.is_output and not card.is_capture:
        return [_explain_idle(case, node)]
    if not card.is_capture:
        return []
    return [
        judge_for_chromium(node, card, modes, reload(case, machine)),
        judge_for_firefox(node, modes, sizes),
    ]


def look_at(machine: Machine, node: Path) -> tuple[Card, list[Mode], list[Size]]:
    """What a node says of itself, its modes, and those of Firefox's sizes that it gives. Raises OSError."""
    kernel = machine.kernel
    descriptor = kernel.open(str(node))
    try:
        card = query(kernel, descriptor)
        fourccs = list_formats(kernel, descriptor)
        sizes = [
            size
            for size in FIREFOX_SIZES
            if any(takes_size(kernel, descriptor, fourcc, size) for fourcc in fourccs)
        ]
        return card, list_modes(kernel, descriptor), sizes
    finally:
        kernel.close(descriptor)


def judge_for_chromium(node: Path, card: Card, modes: list[Mode], fix: str) -> Finding:
    """Chrome, Chromium, Edge, Brave and what is made of them; `fix` is the command for exclusive_caps."""
    if card.is_output:
        message = f"Chrome and Edge do not list {node}: it is OUTPUT as well as CAPTURE"
        return problem(CHECK, message, fix)
    known = [mode for mode in modes if mode.fourcc in CHROMIUM_FOURCCS]
    if not known:
        found = ", ".join(sorted({mode.fourcc for mode in modes})) or "none"
        message = f"Chrome and Edge do not list {node}: its pictures are {found}, expected YU12 or YUYV"
        return problem(CHECK, message, "sharpkd restart")
    discrete = [mode for mode in known if mode.is_discrete]
    if not discrete:
        message = f"Chrome and Edge do not list {node}: it gives a range of sizes, no single one"
        return problem(CHECK, message, "sharpkd restart")
    return ok(CHECK, f"Chrome and Edge list {node}: {discrete[0]}")


def judge_for_firefox(node: Path, modes: list[Mode], sizes: list[Size]) -> Finding:
    if sizes:
        return ok(CHECK, f"Firefox lists {node}: {sizes[-1][0]}x{sizes[-1][1]}")
    found = ", ".join(str(mode) for mode in modes) or "nothing"
    message = f"Firefox finds no picture in {node}: it gives {found}, expected 640x480, 1280x720 or 1920x1080"
    return warning(CHECK, message, RESIZE)


def _explain_idle(case: Case, node: Path) -> Finding:
    if case.is_released:
        return warning(CHECK, f"the camera has given {node} back: programs do not list it", "sharpkd resume")
    if case.is_publishing:
        message = f"the camera runs, but nothing arrives in {node}: programs do not list it"
        return problem(CHECK, message, "sharpkd restart")
    if case.pid is not None:
        message = (
            f"the camera runs, but publishes to {case.status.get('sink', 'another place')}, not to {node}"
        )
        return warning(CHECK, message, SET_SINK)
    return warning(CHECK, f"programs list {node} once the camera runs", "sharpkd start")
