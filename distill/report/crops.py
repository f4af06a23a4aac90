"""Crops of one frame as restored by every contender, side by side."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from matplotlib.font_manager import findfont
from PIL import Image, ImageDraw, ImageFont

from distill.damage.degradation import Degradation
from distill.data.media import read_clip
from distill.evaluate.contenders import Contender
from distill.report.markdown import signed
from distill.report.plots.style import FAINT, INK, encode
from vcam.conversion.opencv import Bgr, to_bgr
from vcam.errors import SourceError
from vcam.frame import Frame
from vcam.metrics import psnr

WIDTH, HEIGHT = 70, 84  # of a crop, in pixels: six of them at ZOOM are as wide as a page
ZOOM = 2
GAP, MARGIN, LINE = 4, 2, 18  # pixels of the picture
AHEAD = 8  # frames decoded after the shown one, for contenders that use future frames
MOST_PSNR = 99.0

Place = tuple[int, int]  # left, top


@dataclass(frozen=True)
class Shot:
    """One frame of a clip, and the positions of its crops."""

    clip: Path
    frame: int
    places: tuple[Place, ...]

    @property
    def name(self) -> str:
        return self.clip.stem


# a face, and a badge with print on it
SAMPLE = Shot(Path(__file__).parents[2] / "vcam" / "samples" / "talk.mp4", 80, ((262, 84), (250, 300)))
SAMPLE_CREDIT = (
    "From the bundled clip ([Intel Corporation, CC-BY-4.0](../vcam/samples/ATTRIBUTION.md)). The shipped "
    "students were trained on this clip: it illustrates what they do; how well is in the tables above."
)


@dataclass(frozen=True)
class Picture:
    """A frame with its displayed name."""

    title: str
    frame: Frame


def choose_places(clip: Path, frame: int = 20, count: int = 2) -> Shot:
    """A shot of any clip: the non-overlapping crops of one frame with the most detail.

    Raises SourceError if the file is not a clip, or too small.
    """
    truth = _read(clip, frame)
    luma = truth[-1].y.astype(np.float32)
    detail = np.abs(cv2.Laplacian(luma, cv2.CV_32F))
    sums = cv2.boxFilter(detail, -1, (WIDTH, HEIGHT), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    sums = sums[: luma.shape[0] - HEIGHT + 1, : luma.shape[1] - WIDTH + 1]
    places = []
    for _ in range(count):
        top, left = (int(number) for number in np.unravel_index(np.argmax(sums), sums.shape))
        places.append((left & ~1, top & ~1))
        sums[max(0, top - HEIGHT) : top + HEIGHT, max(0, left - WIDTH) : left + WIDTH] = -1
    return Shot(clip, len(truth) - 1, tuple(places))


def _read(clip: Path, frame: int) -> list[Frame]:
    truth = read_clip(clip, frame + 1)
    if not truth or truth[0].width < 2 * WIDTH or truth[0].height < 2 * HEIGHT:
        raise SourceError(f"{clip} is not a clip of at least {2 * WIDTH}x{2 * HEIGHT} pixels; choose another")
    return truth


def restore_all(shot: Shot, degradation: Degradation, contenders: Mapping[str, Contender]) -> list[Picture]:
    """The shot's frame as restored by each contender, with displayed names; the last one is the truth.

    The first contender is the input.
    """
    truth = read_clip(shot.clip, shot.frame + 1 + AHEAD)
    if len(truth) <= shot.frame:
        raise SourceError(f"{shot.clip} ends before frame {shot.frame}; name another clip")
    seen = degradation.apply(truth, np.random.default_rng(0))
    pictures = [
        Picture(title, next(iter(contender.restore(seen, truth[0].size, [shot.frame]))))
        for title, contender in contenders.items()
    ]
    return [*pictures, Picture("truth", truth[shot.frame])]


def draw_crops(heading: str, places: Sequence[Place], pictures: Sequence[Picture]) -> bytes:
    """PNG of a row of crops for every position; below each is the crop's PSNR-Y or gain.

    pictures   the input first, the truth last
    """
    width = len(pictures) * (WIDTH * ZOOM + GAP) - GAP + 2 * MARGIN
    row = HEIGHT * ZOOM + LINE + GAP
    canvas = Image.new("RGB", (width, 2 * LINE + GAP + row * len(places)), "white")
    draw = ImageDraw.Draw(canvas)
    draw.text((MARGIN, 0), heading, INK, _font(13, "bold"))
    for column, picture in enumerate(pictures):
        left = MARGIN + column * (WIDTH * ZOOM + GAP)
        draw.text((left, LINE + 2), picture.title, INK, _font(12))
        for number, place in enumerate(places):
            top = 2 * LINE + GAP + number * row
            canvas.paste(_enlarge(picture.frame, place), (left, top))
            words = _words(column, place, pictures)
            draw.text((left, top + HEIGHT * ZOOM + 2), words, FAINT, _font(11))
    return encode(canvas)


def _enlarge(frame: Frame, place: Place) -> Image.Image:
    piece = _cut(to_bgr(frame), place)[..., ::-1]
    return Image.fromarray(np.ascontiguousarray(piece.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1)))


def _words(column: int, place: Place, pictures: Sequence[Picture]) -> str:
    """The text below a crop: PSNR-Y for the input, the gain over it for others."""
    truth = _cut(pictures[-1].frame.y, place)
    scores = [min(psnr(_cut(each.frame.y, place), truth), MOST_PSNR) for each in pictures]
    if column == 0:
        return f"{scores[0]:.1f} dB"
    return "" if column == len(pictures) - 1 else f"{signed(scores[column] - scores[0])} dB"


def _cut(pixels: Bgr, place: Place) -> Bgr:
    left, top = place
    return np.ascontiguousarray(pixels[top : top + HEIGHT, left : left + WIDTH])


def _font(size: int, weight: str = "normal") -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(findfont(f"DejaVu Sans:{weight}"), size)


def all_crops(
    shots: Sequence[Shot], degradations: Mapping[str, Degradation], contenders: Mapping[str, Contender]
) -> Iterator[tuple[str, bytes]]:
    """Name and content of a PNG file for every shot under every degradation."""
    for shot in shots:
        for label, degradation in degradations.items():
            pictures = restore_all(shot, degradation, contenders)
            name = f"crops-{shot.name}-{label.split()[0].lower()}.png"
            yield name, draw_crops(label, shot.places, pictures)
