"""Tables of far-end quality: gains at equal rate control, and bits for equal quality."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any, TypeAlias

from distill.evaluate.bdrate import BitsDelta, Points, bits_delta, quality_delta
from distill.evaluate.calls import ENCODERS, Call
from distill.evaluate.farend import NOTHING as NO_LOOK
from distill.evaluate.farend import Arrived
from distill.report.markdown import NOTHING, percent, plain, signed, table

SHOWN = (Call("h264", 720, 1000), Call("h264", 720, 500), Call("vp8", 360, 300), Call("av1", 360, 300))
FIGURES = {"vmaf_neg": "VMAF-NEG", "psnr_y": "PSNR-Y"}
UNTOUCHED = "*nothing*"

Chosen: TypeAlias = Mapping[str, Arrived]  # received quality of each clip
Curve: TypeAlias = tuple[str, int]  # a codec, and the lines sent


def gain_table(found: Sequence[Arrived]) -> str:
    """PSNR-Y and VMAF-NEG gains over sending the camera's picture unchanged, and the change of bitrate.

    The first row of each camera has the scores of its unchanged picture.
    """
    calls = [call for call in SHOWN if any(_is_of(each, call) for each in found)]

    def cell(camera: str, look: str, call: Call) -> str:
        base, ours = (_choose(found, camera, name, call) for name in (NO_LOOK, look))
        clips = sorted(base.keys() & ours.keys())
        if not clips:
            return NOTHING
        if look == NO_LOOK:
            return f"{plain(_mean(base, clips, 'psnr_y'))} / {plain(_mean(base, clips, 'vmaf_neg'), 1)}"
        gains = [_difference(base, ours, clips, name) for name in ("psnr_y", "vmaf_neg")]
        bits = fmean(ours[clip].kbps / base[clip].kbps for clip in clips) - 1
        return f"{signed(gains[0])} / {signed(gains[1], 1)} ({percent(bits)})"

    rows = [
        [camera, look.replace(NO_LOOK, UNTOUCHED), *(cell(camera, look, call) for call in calls)]
        for camera, look in _lines(found)
    ]
    return table(["camera", "look", *(call.name for call in calls)], rows, left=(0, 1))


def bits_table(found: Sequence[Arrived], figure: str) -> str:
    """Change of bitrate against the unchanged picture at an equal score (one of FIGURES), one curve a column.

    "-40%": the mean over clips; "(3 of 5)": of those whose curves overlap; "under -40%": no curves overlap,
    the look is better throughout, at a rate that much lower; "over" is the opposite. After the slash is the
    gain in the score at an equal rate.
    """
    curves = _curves(found)

    def cell(camera: str, look: str, curve: Curve) -> str:
        pairs = [
            (base, _points(found, clip, camera, look, curve, figure))
            for clip in _names(found, "clip")
            if (base := _points(found, clip, camera, NO_LOOK, curve, figure))
        ]
        pairs = [(base, ours) for base, ours in pairs if ours]
        if not pairs:
            return NOTHING
        gains = [gain for pair in pairs if (gain := quality_delta(*pair)) is not None]
        bits = bits_in_words([bits_delta(*pair) for pair in pairs])
        return f"{bits} / {signed(fmean(gains) if gains else None, 2 if figure == 'psnr_y' else 1)}"

    rows = [
        [camera, look, *(cell(camera, look, curve) for curve in curves)]
        for camera, look in _lines(found)
        if look != NO_LOOK
    ]
    names = [f"{ENCODERS[codec]} {lines}p" for codec, lines in curves]
    return table(["camera", "look", *names], rows, left=(0, 1))


def bits_in_words(deltas: Sequence[BitsDelta]) -> str:
    """The deltas of clips: their mean, or their bounds if no curves overlap."""
    means = [delta.mean for delta in deltas if delta.mean is not None]
    if means:
        share = f" ({len(means)} of {len(deltas)})" if len(means) < len(deltas) else ""
        return percent(fmean(means)) + share
    bounds = [delta.bound for delta in deltas if delta.bound is not None]
    if max(bounds) < 0:
        return f"under {percent(max(bounds))}"
    return f"over {percent(min(bounds))}" if min(bounds) > 0 else "no overlap"


def summary(found: Sequence[Arrived]) -> dict[str, Any]:
    """The gains of the tables as values: "camera look call" to mean PSNR-Y gain in dB."""
    gains = {}
    for camera, look in _lines(found):
        for call in SHOWN:
            base, ours = (_choose(found, camera, name, call) for name in (NO_LOOK, look))
            clips = sorted(base.keys() & ours.keys())
            if clips and look != NO_LOOK:
                gain = _difference(base, ours, clips, "psnr_y")
                gains[f"{camera} {look} {call.name}"] = None if gain is None else round(gain, 4)
    return gains


def all_tables(found: Sequence[Arrived]) -> Iterator[tuple[str, str]]:
    """The tables with their titles."""
    yield "PSNR-Y, dB / VMAF-NEG (bits), gains over the untouched picture", gain_table(found)
    for figure, title in measured_figures(found).items():
        yield f"bits for equal {title} / {title} for equal bits", bits_table(found, figure)


def measured_figures(found: Sequence[Arrived]) -> dict[str, str]:
    """Those of FIGURES that all calls have, with their titles."""
    return {
        figure: title
        for figure, title in FIGURES.items()
        if all(getattr(each, figure) is not None for each in found)
    }


def _lines(found: Sequence[Arrived]) -> list[tuple[str, str]]:
    """Cameras and looks, in the order of evaluation."""
    return list(dict.fromkeys((camera, look) for camera in _names(found, "camera") for look in _looks(found)))


def _looks(found: Sequence[Arrived]) -> list[str]:
    return sorted(_names(found, "look"), key=lambda look: look != NO_LOOK)


def _names(found: Iterable[Arrived], field: str) -> list[str]:
    return list(dict.fromkeys(getattr(each, field) for each in found))


def _curves(found: Sequence[Arrived]) -> list[Curve]:
    """The curves with at least two rates."""
    curves = dict.fromkeys((each.codec, each.lines) for each in found)
    rates = {(each.codec, each.lines, each.target_kbps) for each in found}
    return [curve for curve in curves if sum(rate[:2] == curve for rate in rates) > 1]


def _is_of(arrived: Arrived, call: Call) -> bool:
    return (arrived.codec, arrived.lines, arrived.target_kbps) == (call.codec, call.lines, call.kbps)


def _choose(found: Sequence[Arrived], camera: str, look: str, call: Call) -> Chosen:
    wanted = (camera, look)
    return {each.clip: each for each in found if (each.camera, each.look) == wanted and _is_of(each, call)}


def _points(found: Sequence[Arrived], clip: str, camera: str, look: str, curve: Curve, figure: str) -> Points:
    wanted = (clip, camera, look, *curve)
    return [
        (each.kbps, getattr(each, figure))
        for each in found
        if (each.clip, each.camera, each.look, each.codec, each.lines) == wanted
    ]


def _mean(chosen: Chosen, clips: Sequence[str], figure: str) -> float | None:
    values = [getattr(chosen[clip], figure) for clip in clips]
    return None if None in values else fmean(values)


def _difference(base: Chosen, ours: Chosen, clips: Sequence[str], figure: str) -> float | None:
    before, after = _mean(base, clips, figure), _mean(ours, clips, figure)
    return None if before is None or after is None else after - before
