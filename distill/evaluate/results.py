"""The file that a sweep writes and a report reads: build/results/sweep.json.

    schema       1
    settings     first     number of the first frame that is scored
                 seed      of the degradations' noise
                 vmaf      whether VMAF was computed
                 sets      {"named": ["D1 x1 crf36", ...], ...}: the degradations of this run, by set
    machine      cpu, cores, threads (of ONNX Runtime), system, commit,
                 versions  {"python": "3.11.7", "onnxruntime": "1.31.1", ...}
    contenders   [{name, kind, title, key}]: in the order of the tables; `key` as contenders have it
    rows         [SweepRow]: one contender on one clip under one degradation
    summary      [Summary]: one contender on all clips of a content under a group of degradations
    speed        [Speed]: one contender at one size

The fields of the last three are those of the dataclasses below; null if not measured. "bicubic" is always
among the contenders: it is the input that gains are relative to. The PSNR of a frame is at most 60 dB.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from vcam.errors import SourceError

SCHEMA = 1
CONTENDER_KINDS = ("filter", "shipped", "recipe", "teacher", "peer")
CONTENTS = (
    "calls",
    "faces",
    "people",
    "nature",
    "text",
)  # clips of calls; stills by the prefix of their names


@dataclass(frozen=True)
class SweepRow:
    """Means over the scored frames of one clip; a gain is this contender's score minus bicubic's."""

    contender: str
    kind: str  # one of CONTENDER_KINDS
    clip: str
    content: str  # one of CONTENTS
    degradation: str
    frames: int  # scored
    psnr_y: float  # dB
    psnr_y_gain: float
    ssim_y: float
    ssim_y_gain: float
    ssim_rgb: float  # mean of the three channels' SSIM
    ssim_rgb_gain: float
    ms_ssim: float | None  # of luma; null where a side is under 161 pixels
    ms_ssim_gain: float | None
    mse: float  # of luma, in squared code values
    vmaf: float | None  # 0..100, model vmaf_v0.6.1
    vmaf_gain: float | None
    vmaf_neg: float | None  # model vmaf_v0.6.1neg, which does not reward contrast enhancement
    vmaf_neg_gain: float | None
    flicker: float | None  # temporal standard deviation of out - truth where the truth is static, code values
    flicker_input: float | None  # the same of bicubic
    gains_db: list[float] = field(default_factory=list)  # PSNR-Y gain of each scored frame
    psnr_u_gain: float | None = None  # of the chroma planes; null in older results
    psnr_v_gain: float | None = None
    ciede2000: float | None = None  # mean colour difference: 1 is about the visible threshold
    ciede2000_gain: float | None = None  # negative is better
    note: str = ""  # for readers, such as "no x1 network: the bicubic picture"


@dataclass(frozen=True)
class Summary:
    """PSNR-Y gain over the input; `low`..`high` is the 95% interval of distill.evaluate.significance."""

    contender: str
    content: str  # one of CONTENTS
    group: str  # a set ("named") or one degradation ("D1 x1 crf36")
    clips: int
    gain_db: float
    low_db: float
    high_db: float
    worst_clip: str
    worst_degradation: str
    worst_db: float  # mean gain of that clip under that degradation
    worst_frames_db: float  # mean gain of the worst 5% of all frames


@dataclass(frozen=True)
class Speed:
    """Time of one frame, from a decoded picture of half the size to the output, on an idle machine."""

    contender: str
    size: str  # of the output: "256x256", "1280x720", "1920x1080"
    threads: int
    ms: float | None  # median, whole frame: scaling, conversion and network
    fps: float | None  # 1000 / ms
    network_ms: float | None  # median of the network's run alone
    runs: int
    note: str = ""  # reason for few or no runs


@dataclass(frozen=True)
class Results:
    """All of a sweep."""

    settings: dict[str, Any]
    machine: dict[str, Any]
    contenders: list[dict[str, str]]
    rows: Sequence[SweepRow]
    summary: Sequence[Summary] = ()
    speed: Sequence[Speed] = ()


def write_results(results: Results, path: Path) -> None:
    """Write the results as JSON, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")  # two sweeps may write to one folder
    temporary.write_text(json.dumps({"schema": SCHEMA, **asdict(results)}, indent=1, allow_nan=False) + "\n")
    os.replace(temporary, path)


def read_results(path: Path) -> Results:
    """Read what `write_results` wrote. Raises SourceError if it is missing or of another schema."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("schema") != SCHEMA:
            raise ValueError(f"its schema is not {SCHEMA}")
        rows = [SweepRow(**row) for row in content.pop("rows")]
        summary = [Summary(**entry) for entry in content.pop("summary")]
        speed = [Speed(**entry) for entry in content.pop("speed")]
        return Results(**content, rows=rows, summary=summary, speed=speed)
    except FileNotFoundError:
        raise SourceError(f"no {path}; run: python -m distill sweep CLIPS") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(f"cannot read {path}: {error}; run: python -m distill sweep CLIPS") from None


def write_speeds(speeds: Sequence[Speed], path: Path) -> None:
    """Write timings alone, as JSON, atomically: those of a webcam's path stand beside a sweep's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps([asdict(each) for each in speeds], indent=1, allow_nan=False) + "\n")
    os.replace(temporary, path)


def read_speeds(path: Path) -> list[Speed]:
    """Read what `write_speeds` wrote. Raises SourceError if it cannot be read."""
    try:
        return [Speed(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        raise SourceError(f"cannot read {path}: {error}; run: python -m distill webcam") from None
