"""Which camera was used last, kept over restarts."""

import json
import logging
from pathlib import Path

from vcam.errors import VcamError
from vcam.paths import write_private
from vcam.sources import CaptureDevice

log = logging.getLogger(__name__)

LARGEST = 4096  # bytes; a name has at most 32


class LastDevice:
    """A small file. While it is missing, damaged or cannot be written, nothing is remembered."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> CaptureDevice | None:
        try:
            if not self._path.is_file() or self._path.stat().st_size > LARGEST:
                return None
            known = json.loads(self._path.read_text(encoding="utf-8"))
            name, link = known["name"], known["stable_id"]
        except (OSError, ValueError, TypeError, KeyError):
            return None
        if not isinstance(name, str) or not isinstance(link, str):
            return None
        return CaptureDevice(Path(), name, Path(link) if link else None, is_loopback=False)

    def note(self, camera: CaptureDevice) -> None:
        """This one gives pictures."""
        known = {"name": camera.name, "stable_id": str(camera.stable_id or "")}
        before = self.read()
        if before and (before.name, before.stable_id) == (camera.name, camera.stable_id):
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_private(self._path, json.dumps(known) + "\n")
        except (OSError, VcamError) as error:
            log.info("%s is not remembered: %s", camera.name, error)
