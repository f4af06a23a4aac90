"""The real cameras: what they give, what they promise, and what really comes."""

import math
from collections.abc import Callable
from typing import TypeAlias

from vcam.config import Config
from vcam.doctor.case import Case, Finding, find_output, name_node, ok, problem, warning
from vcam.doctor.machine import Machine
from vcam.errors import SourceError
from vcam.frame import Size
from vcam.sources import CaptureDevice, WebcamSource, usable_devices
from vcam.sources.devices import OURS
from vcam.sources.webcam import CHECK_FEEDER
from vcam.v4l2.modes import EXPOSURE_DYNAMIC_FRAMERATE, Mode, list_modes, read_control

CHECK = "camera"
MEASURE_NS = 2_000_000_000
SETTLE = 5  # frames that are left out: the exposure is still being found
# as the kernel cuts their names; they open cameras to pass them on, and stream only if a program asks
BROKERS = frozenset(("wireplumber", "pipewire", "pipewire-media-"))
SLOW = 0.8  # of the promised rate

Rates: TypeAlias = tuple[float, float]  # frames a second: measured, promised
Measure: TypeAlias = Callable[[CaptureDevice, Config], Rates]


def measure_rate(
    camera: CaptureDevice, config: Config, make: Callable[[str, Size, float], WebcamSource] = WebcamSource
) -> Rates:
    """Run a camera for two seconds as the program itself does. Raises SourceError."""
    with make(str(camera.path), config.size, config.fps) as source:
        first = next(source)
        times = [first.captured_ns]
        while times[-1] - first.captured_ns < MEASURE_NS:
            times.append(next(source).captured_ns)
        promised = source.fps
    return _rate(times[SETTLE:] if len(times) > 2 * SETTLE else times), promised


def _rate(times: list[int]) -> float:
    """Frames a second between the first and the last of these times, in ns; at least two."""
    return (len(times) - 1) * 1e9 / (times[-1] - times[0])


def check_webcams(case: Case, machine: Machine, measure: Measure = measure_rate) -> list[Finding]:
    """Every camera, and every virtual one that a program feeds: a phone's, or a bare sensor's."""
    ours = find_output(case, machine)
    found = [camera for camera in machine.webcams() if camera.path != ours and camera.fault != OURS]
    usable = usable_devices(found)
    findings = [finding for camera in usable for finding in judge_camera(case, machine, camera, measure)]
    if not usable:
        message = "no webcam found: plug one in, or take another source (the bundled clip, a file, a stream)"
        findings = [warning(CHECK, message, "sharpkd set source sample --save")]
    return [*findings, *_explain_others(found)]


def _explain_others(cameras: list[CaptureDevice]) -> list[Finding]:
    """Why some cameras are not taken, the nodes of one device together: a sensor's driver has dozens."""
    reasons: dict[tuple[str, str], CaptureDevice] = {}
    for camera in cameras:
        if reason := camera.fault or camera.drawback:
            reasons.setdefault((camera.name.rstrip("0123456789 "), reason), camera)
    return [ok(CHECK, f"`auto` passes {camera} by: {reason}") for (_, reason), camera in reasons.items()]


def judge_camera(case: Case, machine: Machine, camera: CaptureDevice, measure: Measure) -> list[Finding]:
    """Nothing of one that may not be opened: its permission has a check."""
    if machine.try_open(camera.path) is not None:
        return []
    modes, is_dynamic = look_at(machine, camera)
    return [_judge_modes(camera, modes, case.config), _judge_rate(case, machine, camera, is_dynamic, measure)]


def look_at(machine: Machine, camera: CaptureDevice) -> tuple[list[Mode], bool]:
    """A camera's modes, and whether it may expose for longer than a frame's time. Raises OSError."""
    node = machine.kernel.open(str(camera.path))
    try:
        modes = list_modes(machine.kernel, node)
        return modes, read_control(machine.kernel, node, EXPOSURE_DYNAMIC_FRAMERATE) == 1
    finally:
        machine.kernel.close(node)


def _judge_modes(camera: CaptureDevice, modes: list[Mode], config: Config) -> Finding:
    """Whether the wanted size and rate are there, in MJPG or, as small pictures or USB 3 can, raw."""
    name, wanted = name_node(camera.path, camera.name), Mode("MJPG", config.size, (float(config.fps),))
    if camera.is_loopback and modes:
        return ok(CHECK, f"{name} is a virtual camera that a program feeds with {modes[0]}")
    fits = [mode for mode in modes if mode.size == config.size and _reaches(mode, config.fps)]
    if fits:
        return ok(CHECK, f"{name} gives {max(fits, key=_is_motion)}")
    if not modes:
        return warning(CHECK, f"{name} lists no pictures, expected {wanted}")
    best = max(modes, key=lambda mode: (_reaches(mode, config.fps), math.prod(mode.size), _is_motion(mode)))
    return warning(CHECK, f"{name} does not give {wanted}; the best of its {len(modes)} modes is {best}")


def _is_motion(mode: Mode) -> bool:
    return mode.fourcc == "MJPG"


def _reaches(mode: Mode, fps: float) -> bool:
    """NTSC's 29.97 is called 30."""
    return not mode.fps or mode.fps[0] >= 0.99 * fps


def _judge_rate(
    case: Case, machine: Machine, camera: CaptureDevice, is_dynamic: bool, measure: Measure
) -> Finding:
    name, holders = name_node(camera.path, camera.name), find_holders(machine, camera)
    if case.has_open(holders):
        return ok(CHECK, f"{name} is in use by the running camera; its rate was not measured")
    if holders:
        who = ", ".join(f"{program} (pid {pid})" for pid, program in holders)
        return warning(CHECK, f"{name} is in use by {who}: close it there before a call")
    if case.is_quick:
        return ok(CHECK, f"{name}: its rate was not measured (--quick)")
    try:
        measured, promised = measure(camera, case.config)
    except SourceError as error:
        return problem(CHECK, f"{name} gives no pictures: {error}", f"sudo fuser -v {camera.path}")
    return _judge_measured(name, camera, measured, promised, is_dynamic)


def find_holders(machine: Machine, camera: CaptureDevice) -> list[tuple[int, str]]:
    """(pid, name) of the programs that have a camera open, without those that only pass it on."""
    return [(pid, program) for pid, program in machine.holders(camera.path) if program not in BROKERS]


def _judge_measured(
    name: str, camera: CaptureDevice, measured: float, promised: float, is_dynamic: bool
) -> Finding:
    found = f"{name} delivers {measured:.1f} fps of the promised {promised:g}"
    if measured >= SLOW * promised:
        return ok(CHECK, found)
    if is_dynamic:
        fix = f"v4l2-ctl -d {camera.path} --set-ctrl exposure_dynamic_framerate=0"
        return problem(CHECK, f"{found}: in dim light it exposes for longer. More light helps too", fix)
    remedy = CHECK_FEEDER if camera.is_loopback else "more light, or a USB port of its own, may help"
    return warning(CHECK, f"{found}: {remedy}")
