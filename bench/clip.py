"""The bundled clip, over and over, at another frame rate: something to run a camera of 60 fps on.

    python -m bench.clip build/talk-60.mp4 [--fps 60] [--seconds 65]

The coded pictures are the clip's own, only their times are new: the person moves twice as fast, and decoding,
the link and the restoration have exactly the work that 60 pictures a second are.
"""

import argparse
from fractions import Fraction
from pathlib import Path

import av

from vcam.sources.sample import SAMPLE_PATH


def write_clip(path: Path, fps: int, seconds: float) -> None:
    """Write at least `seconds` of the clip at `fps`, as .mp4; its packets are copied, not coded again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written_s = 0.0
    with av.open(str(path), "w", format="mp4") as output:
        stream = None
        while written_s < seconds:
            with av.open(SAMPLE_PATH) as clip:
                template = clip.streams.video[0]
                assert template.average_rate is not None
                assert template.time_base is not None
                time_base = template.time_base * template.average_rate / fps
                if stream is None:
                    stream = output.add_stream_from_template(template)
                    stream.time_base = time_base
                shift = round(Fraction(written_s).limit_denominator(fps) / time_base)
                for packet in clip.demux(template):
                    if packet.pts is None or packet.dts is None:
                        continue  # the one that ends the stream
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream, packet.time_base = stream, time_base
                    output.mux(packet)
                written_s += template.frames / fps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("--fps", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=65)
    arguments = parser.parse_args()
    write_clip(arguments.output, arguments.fps, arguments.seconds)
    print(f"{arguments.output}: {arguments.fps} fps, {arguments.output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
