"""What a user can set. The table of `Config` is the documentation: defaults, ranges, and what each is for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator

from vcam.address import BLOCKED_PORTS, check_address
from vcam.config.messages import say_range, short
from vcam.config.presets import Presets, check_presets
from vcam.config.tables import Controls, check_controls
from vcam.errors import ConfigError, SourceError
from vcam.size import Size, check_size, parse_size
from vcam.spelling import closest

LARGEST = (1920, 1080)
LONGEST_TEXT = 2000  # characters of a setting; addresses with their keys are far shorter
ROTATIONS = (0, 90, 180, 270)
OVERLAYS = ("wipe", "fps", "kbps", "gain")
OWN_PROVIDERS = ("auto", "cpu", "cuda", "tensorrt")  # ONNX Runtime's; they take pictures of any size
PROVIDERS = (
    *OWN_PROVIDERS,
    *("openvino", "openvino-gpu", "openvino-npu", "tensorrt-rtx", "webgpu"),  # vcam.restore.plugins
)
EFFORTS = ("quiet", "balanced", "best")  # vcam.camera.effort

Range: TypeAlias = tuple[float, float]


def _read_size(value: object) -> object:
    """A size as it is written; ValueError for any other value."""
    if not isinstance(value, str):
        raise ValueError("not written as WIDTHxHEIGHT")
    return parse_size(value)


WrittenSize = Annotated[Size, BeforeValidator(_read_size)]


def _setting(
    default: object,
    help: str,
    low: float | None = None,
    high: float | None = None,
    *,
    choices: Sequence[object] = (),
    is_fixed: bool = False,
    may_be_empty: bool = True,
) -> Any:
    """A field of `Config`, with what is said of it to people and checked of its values.

    low, high  the range, both ends included; for numbers alone
    choices    all values that it can have; empty for any
    is_fixed   it does not change while the camera runs: the output's geometry, and what holds it
    """
    span = None if low is None or high is None else (low, high)
    known = {
        "help": help,
        "range": span,
        "choices": tuple(choices),
        "is_fixed": is_fixed,
        "may_be_empty": may_be_empty,
    }
    return field(default=default, metadata=known)


@dataclass(frozen=True)
class Config:
    """The settings of one daemon or foreground run; a value out of range raises ConfigError.

    A configuration file is TOML with these names at the top level; a size is written "1280x720".
    """

    # input and output
    source: str = _setting(
        "auto",
        "What is read: auto, /dev/videoN, a camera, sample, sample-still, pattern, screen, a file or a URL.",
        may_be_empty=False,
    )
    sink: str = _setting(
        "auto",
        "Where pictures go: auto, virtual, pipewire, preview, null, /dev/videoN, or a file .mp4 or .mkv.",
        is_fixed=True,
        may_be_empty=False,
    )
    size: WrittenSize = _setting(  # noqa: RUF009  # it makes a field, whose default cannot change
        (1280, 720),
        "Size of the output, WIDTHxHEIGHT: even, and at most 1920x1080 either way up.",
        is_fixed=True,
    )
    fps: int = _setting(30, "Frames a second of the output.", 1, 60, is_fixed=True)
    link: str = _setting(
        "off",
        "A simulated link: off, 360p, 270p,codec=vp8,loss=0.02, or 360p,trace=300:800:200 in kbps a second.",
        may_be_empty=False,
    )
    # the restoration
    strength: float = _setting(1.0, "Strength of the restoration; 0 only scales the picture.", 0, 1)
    crispness: float = _setting(
        0.0, "From the faithful look, 0, to the crisp one, 1, where the model has both.", 0, 1
    )
    denoise: float = _setting(
        1.0, "How long still areas are averaged against grain; 0 looks at single frames.", 0, 1
    )
    model: str = _setting(
        "auto",
        "The model's name in the manifest; auto takes the best one that this machine can follow.",
        may_be_empty=False,
    )
    provider: str = _setting(
        "auto",
        "What the model runs on; auto takes the fastest that was found here, of those installed.",
        choices=PROVIDERS,
    )
    cpu: str = _setting(
        "balanced",
        "How much the model takes: quiet leaves the other cores to the call, best takes a better model.",
        choices=EFFORTS,
    )
    threads: int = _setting(
        0, "Threads of the model on the CPU; 0 goes by cpu: one, or one for each core, 4 at most.", 0, 64
    )
    require_gpu: bool = _setting(False, "Refuse to run the model on the CPU.")
    weights: str = _setting("", "Folder of manifest.json; empty takes the one that came with the program.")
    # the published picture
    mirror: bool = _setting(False, "Exchange left and right.")
    flip: bool = _setting(False, "Exchange top and bottom.")
    rotate: int = _setting(
        0,
        "Degrees clockwise; the output keeps its size, with black bars at 90 and 270.",
        choices=ROTATIONS,
    )
    zoom: float = _setting(1.0, "How far the picture is enlarged; 1 shows all of it.", 1, 4)
    pan_x: float = _setting(
        0.0, "What is seen of a zoomed picture: -1 is its left edge, 1 its right one.", -1, 1
    )
    pan_y: float = _setting(0.0, "What is seen of a zoomed picture: -1 is its top, 1 its bottom.", -1, 1)
    light: float = _setting(0.0, "How far shadows are lifted where the picture is dark; 0 leaves them.", 0, 1)
    overlay: str = _setting(
        "off",
        "What is drawn into the picture: off, or any of wipe, fps, kbps and gain, with commas.",
        may_be_empty=False,
    )
    wipe: float = _setting(0.5, "Where before ends and after begins, from the left.", 0, 1)
    # the card that is shown while the camera is off
    card_title: str = _setting("", "Title of the card of a camera that is off; empty says why it is.")
    card_text: str = _setting("", "A line below the card's title.")
    card_picture: str = _setting("", "A picture file that is shown in the place of our card.")
    # the program
    always_on: bool = _setting(False, "Keep the webcam open though nobody watches the virtual camera.")
    preview_port: int = _setting(
        0, "Port of the page on 127.0.0.1; 0 takes a free one.", 0, 65535, is_fixed=True
    )
    # [camera."NAME"]: its V4L2 controls, set at each opening
    camera: Controls = field(default_factory=dict)
    # [preset."NAME"]: settings of the picture, and the camera that they are for
    preset: Presets = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key, (low, high) in RANGES.items():
            value = getattr(self, key)
            if not low <= value <= high:
                raise ConfigError(say_range(key, value, (low, high)))
        _check_output(self.size)
        if self.preview_port and self.preview_port in BLOCKED_PORTS:
            raise ConfigError(
                f"preview_port = {self.preview_port}: no browser opens a page at this port; expected 0, "
                "which takes a free one, or another port, as 8899"
            )
        if self.provider not in PROVIDERS:
            found = closest(self.provider, PROVIDERS)
            raise ConfigError(f"provider = {short(self.provider)}{found}; expected {', '.join(PROVIDERS)}")
        if self.cpu not in EFFORTS:
            found = closest(self.cpu, EFFORTS)
            raise ConfigError(f"cpu = {short(self.cpu)}{found}; expected {', '.join(EFFORTS)}")
        if self.rotate not in ROTATIONS:
            raise ConfigError(
                f"rotate = {short(self.rotate)} is not a quarter turn; expected 0, 90, 180 or 270"
            )
        for key in NEVER_EMPTY:
            if not getattr(self, key):
                raise ConfigError(f"{key} is empty; leave it out for {getattr(DEFAULTS, key)!r}")
        try:
            check_address(self.source)
        except SourceError as error:
            raise ConfigError(str(error)) from None
        for key in TEXTS:
            _check_text(key, getattr(self, key))
        _check_overlay(self.overlay)
        check_controls(self.camera)
        check_presets(self.preset)


def _check_output(size: Size) -> None:
    try:
        check_size(size)
    except ValueError as error:
        raise ConfigError(f"size = {error}") from None
    if max(size) > max(LARGEST) or min(size) > min(LARGEST):
        raise ConfigError(f"size = {size[0]}x{size[1]} is too large; expected at most 1920x1080")


def _check_overlay(text: str) -> None:
    for part in () if text == "off" else (word.strip() for word in text.split(",")):
        if part not in OVERLAYS:
            found = closest(part, OVERLAYS)
            raise ConfigError(
                f"overlay = {short(part)}{found}; expected off, or any of: {', '.join(OVERLAYS)}"
            )


def _check_text(key: str, text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise ConfigError(f"{key} has {len(text)} characters; expected at most {LONGEST_TEXT}")


OTHER_NAMES: Mapping[str, str] = {"engine": "provider"}  # of a setting, wherever a person writes it
_KNOWN = {each.name: each.metadata for each in fields(Config)}
KEYS: dict[str, Any] = {each.name: each.type for each in fields(Config)}
RANGES: dict[str, Range] = {key: known["range"] for key, known in _KNOWN.items() if known.get("range")}
FIXED = frozenset(key for key, known in _KNOWN.items() if known.get("is_fixed"))
NEVER_EMPTY = tuple(key for key, known in _KNOWN.items() if not known.get("may_be_empty", True))
TEXTS = tuple(key for key, kind in KEYS.items() if kind is str)
DEFAULTS = Config()
