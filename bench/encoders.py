"""What the encoders of links cost, and how often they hang.

    python -m bench.encoders [--codecs h264 vp8 vp9 av1] [--seconds 20] [--size 320x192] [--kbps 300]

Encodes the tests' talking head again and again, each codec for so many seconds, a second of it in a stream.
Prints for each the processor time a frame, and how many encoders gave no frame in time and were replaced, as
a link does it. SVT-AV1 hangs only beside other work, and not with each film: start several of these at once.
`--svt pred-struct=1:lp=1` is how it was run before.
"""

import argparse
import json
import logging
import time
from collections.abc import Sequence

import vcam  # first: it sets what ONNX Runtime reads when it is loaded
import vcam.link.codec
from tests.talking_head import talking_head
from vcam.frame import Frame
from vcam.link.codec import CODECS, Codec
from vcam.link.profile import LinkProfile
from vcam.size import parse_size

STREAM = 30  # frames


class Hangs(logging.Handler):
    """Counts what the codec warns of: encoders that it had to replace."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


def encode(frames: Sequence[Frame], codec: str, kbps: float, seconds: float) -> dict[str, float]:
    """Frames that were encoded, milliseconds of the processor for one, and encoders that hung."""
    hangs, encoded = Hangs(), 0
    log = logging.getLogger("vcam.link.codec")
    log.addHandler(hangs)
    end_s, begin_s = time.monotonic() + seconds, time.process_time()
    while time.monotonic() < end_s:
        encoder = Codec(LinkProfile(codec=codec), frames[0].size, kbps)
        for frame in frames:
            encoder.encode(frame)
        encoder.close()
        encoded += len(frames)
    spent_ms = (time.process_time() - begin_s) * 1000
    log.removeHandler(hangs)
    return {"frames": encoded, "cpu_ms": round(spent_ms / encoded, 2), "hangs": hangs.count}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--codecs", nargs="+", choices=CODECS, default=list(CODECS))
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--size", type=parse_size, default=(320, 192))
    parser.add_argument("--kbps", type=float, default=300.0)
    parser.add_argument("--svt", default=vcam.link.codec.SVT_MODE)
    args = parser.parse_args()
    vcam.link.codec.SVT_MODE = args.svt
    frames = talking_head(STREAM, args.size)
    for codec in args.codecs:
        print(json.dumps({"codec": codec, **encode(frames, codec, args.kbps, args.seconds)}), flush=True)


if __name__ == "__main__":
    main()
