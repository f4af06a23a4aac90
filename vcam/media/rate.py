"""How many frames a second a container says that there are."""

from fractions import Fraction

from av.container import InputContainer
from av.video.stream import VideoStream

USUAL_FPS = Fraction(25)  # where nobody says
SLOWEST_FPS, FASTEST_FPS = Fraction(1, 1000), Fraction(1000)
NO_TIME_STAMPS = 0x80  # AVFMT_NOTIMESTAMPS: a raw stream, whose average rate is FFmpeg's own guess


def usable_rate(*said: Fraction | None, otherwise: Fraction = USUAL_FPS) -> Fraction:
    """The first of the rates that a container claims which a video can have, else `otherwise`."""
    claimed = (rate.limit_denominator(1001) for rate in said if rate)
    return next((rate for rate in claimed if SLOWEST_FPS <= rate <= FASTEST_FPS), otherwise)


def rate_of(container: InputContainer, stream: VideoStream) -> Fraction:
    """Frames a second of a recording; of a raw stream what its pictures' headers say."""
    if container.format.flags & NO_TIME_STAMPS:
        return usable_rate(stream.codec_context.framerate, stream.guessed_rate, stream.average_rate)
    return usable_rate(stream.average_rate, stream.guessed_rate)
