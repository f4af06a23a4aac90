"""The cameras, what they deliver and their controls, as programs read them."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from vcam.deadline import call_within
from vcam.sources.controls import controls_of
from vcam.sources.devices import CaptureDevice, list_devices
from vcam.v4l2.controls import Control
from vcam.v4l2.device import Kernel, Linux
from vcam.v4l2.modes import Mode, list_modes
from vcam.v4l2loopback.module import CARD

MODES_S = 3.0  # a camera answers each in milliseconds; some have forty


def list_facts(
    own: Path | None = None, measured: Mapping[Path, float | None] | None = None
) -> list[dict[str, object]]:
    """The facts of all cameras but our own, `own` being the node that it has if its label does not say so.

    measured  frames a second that really come from the nodes that are open, None where that is not known yet
    """
    cameras = [camera for camera in list_devices(own=own) if camera.name != CARD]
    return [device_facts(camera, measured) for camera in cameras]


def device_facts(
    camera: CaptureDevice, measured: Mapping[Path, float | None] | None = None
) -> dict[str, object]:
    """A camera for programs; `source` is the setting that means it, over reboots where it has an id."""
    fps = (measured or {}).get(camera.path)
    return {
        "name": camera.name,
        "path": str(camera.path),
        "source": str(camera.stable_id or camera.path),
        "fault": camera.fault,
        "drawback": camera.drawback,
        "is_open": camera.path in (measured or {}),
        "measured_fps": None if fps is None else round(fps, 1),
        "modes": [mode_facts(mode) for mode in ([] if camera.fault else modes_of(camera.path))],
        "controls": [asdict(control) for control in controls_of_webcam(camera)],
    }


def mode_facts(mode: Mode) -> dict[str, object]:
    """A picture that a camera gives; `rates` in falling order, of a range the highest."""
    return {"pixel_format": mode.fourcc, "size": mode.size, "rates": mode.fps}


def modes_of(path: Path, kernel: Kernel | None = None) -> list[Mode]:
    """The pictures that a camera gives, in its driver's order; none if it cannot be asked."""
    kernel = kernel or Linux()

    def ask() -> list[Mode]:
        node = kernel.open(str(path))
        try:
            return list_modes(kernel, node)
        finally:
            kernel.close(node)

    try:
        return call_within(MODES_S, f"list the modes of {path}", ask)
    except (OSError, TimeoutError):
        return []


def controls_of_webcam(camera: CaptureDevice) -> list[Control]:
    """A webcam's controls; those of a loopback are not the picture's, and what has a fault is not asked."""
    return [] if camera.fault or camera.is_loopback else controls_of(camera.path)
