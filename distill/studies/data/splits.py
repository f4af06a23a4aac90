"""Training and held-out parts of the studies' data sources; official splits where they exist."""

import re
from collections.abc import Sequence
from pathlib import Path

from distill.data.media import Media, last_fifth, list_media
from distill.data.pack import SAMPLES_A_SHARD, Draw, Whole
from distill.data.splits import Split, listed
from distill.recipe import Data
from distill.studies.damage import check_degradation
from distill.studies.data.cifar import BINARY, Cifar, find_cifar
from distill.studies.data.paired import PairedStills, find_pairs
from distill.studies.data.stills import Stills

CELEBA_LINES = 218  # of the aligned pictures, which are 178 wide
CELEBA_NAME = re.compile(r"\d{6}")  # of the aligned pictures, without the ending
CELEBA_TEST = 182_638  # the first of the official test part; the validation part before it is left out
CELEBA_VALIDATION = 162_771
DIV2K_NAME = re.compile(r"0\d{3}")  # of the sharp pictures
DIV2K_VALIDATION = 801  # the first of the official validation part


def stills(data: Data, folders: Sequence[Path]) -> Split:
    """Patches of sharp stills, with the recipe's degradation."""
    return _patches(data, *listed(data, folders))


def celeba(data: Data, folders: Sequence[Path]) -> Split:
    """CelebA's aligned faces with the official split; else the replacement, scaled to CelebA's height."""
    faces = _numbered(list_media(folders), CELEBA_NAME)
    train = [path for path in faces if int(path.stem) < CELEBA_VALIDATION]
    held = [path for path in faces if int(path.stem) >= CELEBA_TEST]
    if train and held:
        origin = "CelebA aligned, official training and test parts"
        return _patches(data, Media(tuple(train), ()), Media(tuple(held), ()), origin)
    return _patches(data, *listed(data, folders), lines=CELEBA_LINES)


def div2k(data: Data, folders: Sequence[Path]) -> Split:
    """DIV2K's sharp pictures with the official split; otherwise the replacement."""
    sharp = _numbered(list_media(folders), DIV2K_NAME)
    train = [path for path in sharp if int(path.stem) < DIV2K_VALIDATION]
    held = [path for path in sharp if int(path.stem) >= DIV2K_VALIDATION]
    if train and held:
        origin = "DIV2K HR, official training and validation parts"
        return _patches(data, Media(tuple(train), ()), Media(tuple(held), ()), origin)
    return _patches(data, *listed(data, folders))


def cifar10(data: Data, folders: Sequence[Path]) -> Split:
    """CIFAR-10's training and test parts, at most `shards` and `held_shards` of 32 pictures."""
    degradation, archive = check_degradation(data.degradation), find_cifar(folders)
    train = Cifar(archive, "train", degradation, data.shards * SAMPLES_A_SHARD, data.seed)
    held = Cifar(archive, "test", degradation, data.held_shards * SAMPLES_A_SHARD, data.seed + 1)
    origin = "CIFAR-10, official training and test parts"
    if archive.name != BINARY and data.stand_in:
        origin = f"stand-in: {data.stand_in}"
    return Split(Whole(train), Whole(held), origin)


def paired(data: Data, folders: Sequence[Path]) -> Split:
    """Real pairs of blurry and sharp pictures."""
    pairs = find_pairs(folders)
    held = pairs.complete[data.holdout // 2 :: data.holdout] or last_fifth(pairs.complete)
    train = tuple(pair for pair in pairs.complete if pair not in held)
    drawn = [PairedStills(part, data.kept, data.luma) for part in (train, held or train)]
    origin = f"{len(pairs.complete)} pairs of {' '.join(folder.name for folder in folders)}"
    return Split(drawn[0], drawn[1], origin, tuple(str(path) for path in pairs.alone))


def _numbered(media: Media, name: re.Pattern[str]) -> list[Path]:
    return [path for path in media.stills if name.fullmatch(path.stem)]


def _patches(data: Data, train: Media, held: Media, origin: str, lines: int = 0) -> Split:
    degradation = check_degradation(data.degradation)

    def draw(media: Media) -> Draw:
        return Stills(media, degradation, data.side, data.kept, lines, data.luma)

    return Split(draw(train), draw(held), origin)
