"""The test pattern as a program sees it that reads the virtual camera: `reader` reads it, `trip` counts."""

from vcam.roundtrip.reader import Look, read_elsewhere, read_here
from vcam.roundtrip.trip import Arrival, Trip, measure_trip, observe

__all__ = ["Arrival", "Look", "Trip", "measure_trip", "observe", "read_elsewhere", "read_here"]
