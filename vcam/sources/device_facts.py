"""The cameras and their controls as programs read them."""

from dataclasses import asdict
from pathlib import Path

from vcam.sources.controls import controls_of
from vcam.sources.devices import CaptureDevice, list_devices
from vcam.v4l2.controls import Control
from vcam.v4l2loopback.module import CARD


def list_facts(own: Path | None = None) -> list[dict[str, object]]:
    """The facts of all cameras but our own, `own` being the node that it has if its label does not say so."""
    return [device_facts(camera) for camera in list_devices(own=own) if camera.name != CARD]


def device_facts(camera: CaptureDevice) -> dict[str, object]:
    """A camera for programs; `source` is the setting that means it, over reboots where it has an id."""
    return {
        "name": camera.name,
        "path": str(camera.path),
        "source": str(camera.stable_id or camera.path),
        "fault": camera.fault,
        "drawback": camera.drawback,
        "controls": [asdict(control) for control in controls_of_webcam(camera)],
    }


def controls_of_webcam(camera: CaptureDevice) -> list[Control]:
    """A webcam's controls; those of a loopback are not the picture's, and what has a fault is not asked."""
    return [] if camera.fault or camera.is_loopback else controls_of(camera.path)
