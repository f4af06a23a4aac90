"""What the restoration is worth while a link is simulated: the picture before the link is the truth."""

from vcam.frame import Size, crop_to_aspect, resize
from vcam.metrics import psnr
from vcam.pipeline import Result

EVERY_NS = 500_000_000  # between two measurements; one takes about a third of a frame's time at 1080p
INERTIA = 0.7  # of the mean that is shown
MOST_DB = 60.0  # a picture that is equal to the truth would be infinitely good


class Gain:
    """Follows by how many dB restoration brings a picture nearer to the truth; `db` is a mean."""

    def __init__(self) -> None:
        self.db: float | None = None
        self._measured_ns = 0

    def __call__(self, result: Result) -> None:
        """Take one result in, before it is mirrored or lit; one without a truth ends what was known."""
        if result.truth is None:
            self.db = None
            return
        now_ns = result.after.captured_ns
        if self.db is not None and 0 <= now_ns - self._measured_ns < EVERY_NS:
            return
        self._measured_ns = now_ns
        found = measure_gain(result)
        self.db = found if self.db is None else INERTIA * self.db + (1 - INERTIA) * found


def measure_gain(result: Result) -> float:
    """PSNR of the luma after restoration less that before it, in dB, both at the output's size."""
    assert result.truth is not None
    size: Size = result.after.size
    truth, before = (resize(crop_to_aspect(frame, size), size).y for frame in (result.truth, result.before))
    return min(MOST_DB, psnr(result.after.y, truth)) - min(MOST_DB, psnr(before, truth))
