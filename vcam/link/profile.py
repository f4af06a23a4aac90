"""What a link does to a picture: the named profiles, their text form and bandwidth traces."""

import re
from dataclasses import dataclass, fields, replace
from math import inf
from pathlib import Path
from typing import get_args, get_type_hints

from vcam.errors import LinkError
from vcam.frame import MIN_SIDE, Size, check_size
from vcam.regular import read_small
from vcam.spelling import closest

CODEC_NAMES = ("h264", "vp8", "vp9", "av1")
MAX_CRF = {"h264": 51, "vp9": 63, "av1": 63}
MAX_KBPS = 100_000
MAX_TRACE_BYTES = 1_000_000  # an hour in steps of 0.1 s takes half of it
INLINE_TRACE = re.compile(r"\d{1,9}(\.\d{1,9})?(:\d{1,9}(\.\d{1,9})?)+")
PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")


@dataclass(frozen=True)
class LinkProfile:
    """What a link does to a picture; `width` and `height` are the box it is scaled down into."""

    name: str = "custom"
    codec: str = "h264"
    width: int = 640
    height: int = 360
    kbps: float = 500  # target of the constant-bitrate encoder
    crf: int | None = None  # constant quality instead of constant bitrate
    fps: float = 30  # frames above this rate are not sent
    loss: float = 0.0  # probability that one 1200-byte packet is lost
    rtt_ms: float = 100  # a lost frame's repair keyframe starts this much later
    trace: tuple[tuple[float, float], ...] = ()  # (second, kbps) steps, see rate_at
    preset: str = "veryfast"  # x264 only


# libwebrtc's simulcast ladder, target rates; `edge` is what a call is left with on a bad mobile link.
PROFILES = {
    profile.name: profile
    for profile in (
        LinkProfile("1080p", width=1920, height=1080, kbps=4000),
        LinkProfile("720p", width=1280, height=720, kbps=2500),
        LinkProfile("540p", width=960, height=540, kbps=1200),
        LinkProfile("360p", width=640, height=360, kbps=500),
        LinkProfile("270p", width=480, height=270, kbps=350),
        LinkProfile("180p", width=320, height=180, kbps=150),
        LinkProfile("edge", width=320, height=180, kbps=50, fps=15),
    )
}


def parse_profile(text: str) -> LinkProfile:
    """Read "360p", or "360p,codec=vp8,kbps=300,loss=0.02,trace=FILE", as a LinkProfile.

    A trace may stand here itself: "trace=300:800:200" is a rate in kbps for each second.

    Raises LinkError naming the part that is wrong and what could stand there.
    """
    name, *settings = text.split(",")
    if name == "off" and settings:
        raise LinkError(f"'off' has nothing that could be changed; expected one of: {', '.join(PROFILES)}")
    if name not in PROFILES:
        found = closest(name, (*PROFILES, "off"))
        raise LinkError(f"no link profile {name!r}{found}; choose one of: {', '.join(PROFILES)}, or off")
    types = get_type_hints(LinkProfile)
    changes: dict[str, object] = {}
    for setting in settings:
        key, _, value = setting.partition("=")
        if key not in types or key == "name":
            keys = [field.name for field in fields(LinkProfile) if field.name != "name"]
            found = closest(key, keys)
            raise LinkError(
                f"link {text!r} has no setting {key!r}{found}; expected one of: {', '.join(keys)}"
            )
        try:
            changes[key] = _read_trace(value) if key == "trace" else _convert(types[key], value)
        except ValueError:
            raise LinkError(f"link {text!r}: {key}={value!r} is not a number") from None
    profile = replace(PROFILES[name], name=text, **changes)  # type: ignore[arg-type]  # typed by the hints above
    check_profile(profile)
    return profile


def _read_trace(value: str) -> tuple[tuple[float, float], ...]:
    """The steps of a trace: its rates, one a second, or the name of its file. Raises LinkError."""
    if not INLINE_TRACE.fullmatch(value):
        return load_trace(Path(value))
    rates = [float(rate) for rate in value.split(":")]
    for rate in rates:
        if not 1 <= rate <= MAX_KBPS:
            raise LinkError(f"link trace={value[:60]}: {rate:g} is outside 1..{MAX_KBPS} kbps")
    return tuple(enumerate(rates))


def _convert(hint: type, value: str) -> object:
    kind = next((arg for arg in get_args(hint) if arg is not type(None)), hint)
    return kind(value)


def check_profile(profile: LinkProfile) -> None:
    """Raise LinkError if a value of the profile is out of its range."""
    if profile.codec not in CODEC_NAMES:
        raise LinkError(f"no codec {profile.codec!r} for a link; choose one of: {', '.join(CODEC_NAMES)}")
    try:
        check_size((profile.width, profile.height))
    except ValueError as error:
        raise LinkError(f"link {profile.name!r}: {error}") from None
    if profile.preset not in PRESETS:
        raise LinkError(f"no x264 preset {profile.preset!r}; choose one of: {', '.join(PRESETS)}")
    ranges = {"kbps": (1, MAX_KBPS), "fps": (1, 240), "loss": (0, 0.9), "rtt_ms": (0, 10_000)}
    for key, (low, high) in ranges.items():
        value = getattr(profile, key)
        if not low <= value <= high:
            raise LinkError(f"link {profile.name!r}: {key}={value:g} is outside {low}..{high}")
    if profile.crf is None:
        return
    if profile.codec not in MAX_CRF:
        raise LinkError(
            f"codec {profile.codec} knows no constant quality in real time; give kbps=300 instead"
        )
    if not 0 <= profile.crf <= MAX_CRF[profile.codec]:
        raise LinkError(f"link {profile.name!r}: crf={profile.crf} is outside 0..{MAX_CRF[profile.codec]}")


def load_trace(path: Path) -> tuple[tuple[float, float], ...]:
    """Read a bandwidth trace: a "second kbps" pair a line, seconds rising from 0, # for comments.

    Raises LinkError with the number of the line that cannot be read. The line is not repeated: a link could
    be set to read other files with it.
    """
    try:
        lines = read_small(path, MAX_TRACE_BYTES).decode("utf-8").splitlines()
    except OSError as error:
        raise LinkError(f"cannot read the bandwidth trace {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise LinkError(f"cannot read the bandwidth trace {path}: not UTF-8 text") from None
    steps: list[tuple[float, float]] = []
    for number, line in enumerate(lines, 1):
        words = line.split("#")[0].replace(",", " ").split()
        if not words:
            continue
        try:
            second, kbps = (float(word) for word in words)
        except ValueError:
            raise LinkError(f"{path}:{number}: expected 'second kbps', for example: 2.5 300") from None
        earliest = steps[-1][0] if steps else -1.0
        if not (earliest < second < inf and second >= 0 and 1 <= kbps <= MAX_KBPS):
            raise LinkError(f"{path}:{number}: seconds must rise and kbps be 1..{MAX_KBPS}")
        steps.append((second, kbps))
    if not steps or steps[0][0] != 0:
        raise LinkError(f"{path}: the first step must be at second 0")
    return tuple(steps)


def rate_at(profile: LinkProfile, second: float) -> float:
    """The profile's kbps at a second since the link was opened.

    A trace's last step lasts as long as the one before it; then the trace starts again.
    """
    if len(profile.trace) < 2:
        return profile.trace[0][1] if profile.trace else profile.kbps
    (before, _), (last, _) = profile.trace[-2:]
    position = second % (last + last - before)
    return next(kbps for start, kbps in reversed(profile.trace) if start <= position)


def fit_size(size: Size, box: Size) -> Size:
    """The even (width, height) of a picture of `size` scaled to fit into `box`, never upwards."""
    scale = min(box[0] / size[0], box[1] / size[1], 1.0)
    if scale == 1.0:
        return size
    width, height = (max(MIN_SIDE, round(side * scale / 2) * 2) for side in size)
    return width, height
