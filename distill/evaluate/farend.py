"""Far-end quality of a call: the picture after a camera, a look and the calling program's encoder.

The camera's picture is restored as in the daemon, every frame in order, and sent through a real encoder at a
real rate. The received picture is compared with the truth before the camera, at the size that was sent.
Results are cached immediately, under a hash of everything that determines them, so that a killed run resumes.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import TypeAlias

import numpy as np
from tqdm import tqdm

from distill.damage.degradation import Degradation
from distill.evaluate.calls import Call, send
from distill.evaluate.clips import Specimen
from distill.evaluate.contenders import Contender
from distill.evaluate.degradations import FILMED
from distill.evaluate.scores import vmaf_of_pairs
from distill.evaluate.tally import MOST_PSNR
from distill.jsonl_cache import append_cache, read_cache
from vcam.errors import SourceError
from vcam.frame import Frame, resize
from vcam.metrics import psnr, ssim

METRICS = 1  # version of the metrics computed here
CALLS_FILE = Path("build/results/call.jsonl")
NOTHING = "bicubic"  # the baseline look: at the camera's size, the camera's picture unchanged
CAMERAS = {name: next(iter(each.values())) for name, each in FILMED.items()} | {"perfect": Degradation()}

Pair: TypeAlias = tuple[Sequence[Frame], Sequence[Frame]]  # degraded frames of a clip, and their truth


@dataclass(frozen=True)
class Protocol:
    """The scored frames: every `stride`-th from `first` on that has a successor."""

    first: int = 12
    stride: int = 4
    seed: int = 0  # of the camera's noise
    vmaf: bool = True

    def scored(self, count: int) -> range:
        """Indices of the scored frames of a clip of `count`. Raises SourceError if there are none."""
        if count < self.first + 2:
            raise SourceError(f"a clip of {count} frames is too short to score from frame {self.first} on")
        return range(self.first, count - 1, self.stride)


@dataclass(frozen=True)
class Arrived:
    """Received quality of one clip; means over the scored frames, against the truth at the size sent."""

    clip: str
    camera: str  # one of CAMERAS
    look: str  # a contender's name
    codec: str
    lines: int  # upper limit of the lines sent
    target_kbps: float
    kbps: float  # sent, from the first scored frame on
    psnr_y: float
    ssim_y: float
    vmaf_neg: float | None
    frames: int  # scored


@dataclass(frozen=True)
class Case:
    """One clip recorded by one camera: common to all looks and calls."""

    specimen: Specimen
    camera: str
    degradation: Degradation
    protocol: Protocol

    def key(self, look: Contender, call: Call) -> str:
        """A hash of everything that determines the received picture."""
        parts = [look.key, self.specimen.key, repr(self.degradation), asdict(call), asdict(self.protocol)]
        return hashlib.sha256(json.dumps([*parts, METRICS]).encode()).hexdigest()

    def open(self) -> Pair:
        frames = self.specimen.read()
        self.protocol.scored(len(frames))
        seen = self.degradation.apply(frames, np.random.default_rng(self.protocol.seed))
        return seen, self.degradation.truth(frames)


def judge_calls(
    looks: Sequence[Contender],
    specimens: Sequence[Specimen],
    cameras: Mapping[str, Degradation],
    calls: Sequence[Call],
    protocol: Protocol,
    kept: Path,
) -> Iterator[Arrived]:
    """Evaluate every look of every camera in every call, clip by clip.

    kept   cache file of JSON lines: results in it are not computed again

    Raises SourceError if a clip is too short, ModelError if VMAF is wanted and cannot be computed.
    """
    known = read_cache(kept)
    cases = [
        Case(specimen, name, degradation, protocol)
        for specimen in specimens
        for name, degradation in cameras.items()
    ]
    for case in tqdm(cases, "calls", unit="clip"):
        pair: Pair | None = None
        for look in looks:
            missing = [call for call in calls if case.key(look, call) not in known]
            if missing:
                pair = pair or case.open()
                for call, arrived in _judge(case, look, missing, pair):
                    known[case.key(look, call)] = asdict(arrived)
                    append_cache(kept, case.key(look, call), asdict(arrived))
            for call in calls:
                yield Arrived(**known[case.key(look, call)])


def _judge(case: Case, look: Contender, calls: Sequence[Call], pair: Pair) -> Iterator[tuple[Call, Arrived]]:
    seen, truth = pair
    shown = list(look.restore(seen, truth[0].size, range(len(seen))))
    for call in calls:
        arrived, kbps = send(shown, call, case.protocol.first)
        size = call.size(truth[0].size)
        scored = case.protocol.scored(len(truth))
        places = [place for index in scored for place in (index, index + 1)]
        figures = _score(
            [arrived[place] for place in places],
            [resize(truth[place], size) for place in places],
            case.protocol.vmaf,
        )
        settings = (call.codec, call.lines, call.kbps)
        yield (
            call,
            Arrived(case.specimen.name, case.camera, look.name, *settings, kbps, *figures, len(scored)),
        )


def _score(
    arrived: Sequence[Frame], truth: Sequence[Frame], has_vmaf: bool
) -> tuple[float, float, float | None]:
    """PSNR-Y, SSIM-Y and VMAF-NEG of frames in the order frame, successor, frame, successor, ..."""
    pairs = list(zip(arrived[::2], truth[::2], strict=True))
    vmaf = fmean(vmaf_of_pairs(arrived, truth, ["vmaf_neg"])["vmaf_neg"]) if has_vmaf else None
    return (
        fmean(min(psnr(out.y, true.y), MOST_PSNR) for out, true in pairs),
        fmean(ssim(out.y, true.y) for out, true in pairs),
        vmaf,
    )


def read_arrived(path: Path) -> list[Arrived]:
    """Read the cache file of an earlier run; of a call that was evaluated twice, the last results.

    Raises SourceError if there is no such file, or nothing in it.
    """
    try:
        found = [Arrived(**entry) for entry in read_cache(path).values()]
    except TypeError as error:
        raise SourceError(f"{path} is not a file of calls ({error}); remove it and evaluate again") from None
    if not found:
        raise SourceError(f"no calls in {path}; run: python -m distill evaluate CLIPS --set call")
    return list({(each.clip, each.camera, each.look, _call(each)): each for each in found}.values())


def _call(arrived: Arrived) -> Call:
    return Call(arrived.codec, arrived.lines, arrived.target_kbps)
