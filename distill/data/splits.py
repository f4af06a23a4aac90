"""Training and held-out parts of the data sources: calls, webcams, and scenes with temporal fusion."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import vcam
from distill.data.calls import CallClips, WebcamClips
from distill.data.media import Media, list_media, select, split
from distill.data.pack import Draw, Whole
from distill.data.scenes import Scenes
from distill.recipe import Data

SAMPLES = Path(vcam.__file__).parent / "samples"  # the bundled clip
MIXED = 0.25  # share of the bundled clip among the clips that it is mixed with


@dataclass(frozen=True)
class Split:
    """The training and held-out part of a data source, and a description of where they come from."""

    train: Draw | Whole
    held: Draw | Whole
    origin: str
    alone: tuple[str, ...] = ()  # files left out because their partner is missing


def calls(data: Data, folders: Sequence[Path]) -> Split:
    """Stills and clips, degraded by links and webcams."""
    train, held, origin = listed(data, folders)
    return Split(_clips(CallClips, data, train), _clips(CallClips, data, held), origin)


def webcam(data: Data, folders: Sequence[Path]) -> Split:
    """Stills and clips, degraded by poor webcams only: the sender's side."""
    train, held, origin = listed(data, folders)
    return Split(_clips(WebcamClips, data, train), _clips(WebcamClips, data, held), origin)


def scenes(data: Data, folders: Sequence[Path]) -> Split:
    """Still and moving scenes after cameras, links and temporal fusion."""
    train, held, origin = listed(data, folders)
    return Split(Scenes(train, data.side, data.kept), Scenes(held, data.side, data.kept), origin)


def listed(data: Data, folders: Sequence[Path]) -> tuple[Media, Media, str]:
    """The media to train on, those to validate by, and a description of them.

    Where nothing can be held out, of one still or one short clip, they are the same, and the description says
    so: a model that was trained on them is not published.
    """
    media, origin = _chosen(data, folders)
    train, held = split(media, data.holdout)
    if data.bundled:
        bundled = split(list_media([SAMPLES]), data.holdout)
        return mix(train, bundled[0]), mix(held, bundled[1]), f"{origin}, with the bundled clip"
    if not held.stills and not held.clips:
        return train, train, f"{origin}, too few to hold one out: validated on what is trained on"
    return train, held, origin


def held_out(data: Data, folders: Sequence[Path]) -> Media:
    """The media that are kept out of training; may be empty."""
    media, _ = _chosen(data, folders)
    return split(media, data.holdout)[1]


def mix(own: Media, bundled: Media) -> Media:
    """The media with bundled clips, each as often as makes them MIXED of all clips, rounded up."""
    others = tuple(clip for clip in own.clips if clip not in bundled.clips)
    times = max(1, math.ceil(MIXED / (1 - MIXED) * len(others) / len(bundled.clips)))
    return Media(own.stills, others + bundled.clips * times)


def _chosen(data: Data, folders: Sequence[Path]) -> tuple[Media, str]:
    """The media of a recipe, and a description of them."""
    media = list_media(folders)
    chosen = select(media, data.pattern) if data.pattern else media
    if not chosen.stills and not chosen.clips:  # the user's own files: the pattern is for ours
        chosen = media
    elif data.pattern and data.stand_in:
        return chosen, f"stand-in: {data.stand_in}"
    names = " ".join(folder.name for folder in folders)
    return chosen, f"{len(chosen.stills)} stills and {len(chosen.clips)} clips of {names}"


def _clips(kind: type[CallClips], data: Data, media: Media) -> Draw:
    return kind(media, data.side, data.kept, data.frames)
