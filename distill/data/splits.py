"""The training and the held-out part of a data source: links, webcams, and scenes fused over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from distill.data.calls import CallClips, WebcamClips
from distill.data.media import Media, list_media, select, split
from distill.data.pack import Draw, Whole
from distill.data.scenes import Scenes
from distill.recipe import Data


@dataclass(frozen=True)
class Split:
    """What a source draws from, and where that comes from."""

    train: Draw | Whole
    held: Draw | Whole
    origin: str
    alone: tuple[str, ...] = ()  # files that were left out, since their partner is missing


def calls(data: Data, folders: Sequence[Path]) -> Split:
    """Stills and clips through links and webcams."""
    train, held, origin = listed(data, folders)
    return Split(_clips(CallClips, data, train), _clips(CallClips, data, held), origin)


def webcam(data: Data, folders: Sequence[Path]) -> Split:
    """Stills and clips through poor webcams alone: the sender's side."""
    train, held, origin = listed(data, folders)
    return Split(_clips(WebcamClips, data, train), _clips(WebcamClips, data, held), origin)


def scenes(data: Data, folders: Sequence[Path]) -> Split:
    """Still and moving scenes through cameras and links, fused over time."""
    train, held, origin = listed(data, folders)
    return Split(Scenes(train, data.side, data.kept), Scenes(held, data.side, data.kept), origin)


def listed(data: Data, folders: Sequence[Path]) -> tuple[Media, Media, str]:
    """The media to train on, those held back, and what they are."""
    media = list_media(folders)
    chosen = select(media, data.pattern) if data.pattern else media
    if not chosen.stills and not chosen.clips:  # someone's own files: the pattern names ours
        chosen = media
    elif data.pattern and data.stand_in:
        return *split(chosen, data.holdout), f"stand-in: {data.stand_in}"
    names = " ".join(folder.name for folder in folders)
    origin = f"{len(chosen.stills)} stills and {len(chosen.clips)} clips of {names}"
    return *split(chosen, data.holdout), origin


def _clips(kind: type[CallClips], data: Data, media: Media) -> Draw:
    return kind(media, data.side, data.kept, data.frames)
