"""What is drawn over the published picture for a demonstration: the wipe, and figures."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from vcam.frame import BLACK_Y, GREY_UV, Frame, Plane

PARTS = ("wipe", "fps", "kbps", "gain")
FONT = cv2.FONT_HERSHEY_SIMPLEX
LINE_SHARE = 0.034  # of the picture's height: of a line of text
MARGIN = 0.6  # of a line: around the text
INK_Y = 225
SHADE = 0.35  # of its brightness is what is left of the picture behind the text
DIVIDER = 0.002  # of the width


@dataclass(frozen=True)
class Figures:
    """What may be shown; None where there is nothing to tell."""

    fps: float
    kbps: float | None = None  # of a simulated link
    gain_db: float | None = None  # behind it: how much nearer to the camera's picture than without us


def describe(figures: Figures, parts: Collection[str]) -> list[str]:
    """The lines of text for these of PARTS."""
    lines = []
    if "fps" in parts:
        lines.append(f"{figures.fps:.0f} fps")
    if "kbps" in parts and figures.kbps is not None:
        lines.append(f"{figures.kbps:.0f} kbps")
    if "gain" in parts and figures.gain_db is not None:
        lines.append(f"{figures.gain_db:+.1f} dB")
    return lines


def wipe(before: Frame, after: Frame, position: float) -> Frame:
    """`before` left of `position`, 0..1 of the width, `after` right of it, and a line between them."""
    edge = round(after.width * position) & ~1
    half = max(1, round(after.width * DIVIDER / 2))
    line = slice(max(0, edge // 2 - half), edge // 2 + half)
    luma = _join(before.y, after.y, edge)
    luma[:, line.start * 2 : line.stop * 2] = INK_Y
    u, v = (_join(*planes, edge // 2) for planes in ((before.u, after.u), (before.v, after.v)))
    u[:, line] = v[:, line] = GREY_UV
    return replace(after, y=luma, u=u, v=v)


def write(frame: Frame, lines: Sequence[str]) -> Frame:
    """Lines of text on a shaded ground at the lower left."""
    if not lines:
        return frame
    height = max(8, round(frame.height * LINE_SHARE))
    scale = height * 0.7 / cv2.getTextSize("H", FONT, 1, 1)[0][1]
    stroke = max(1, round(height / 14))
    longest = max(cv2.getTextSize(line, FONT, scale, stroke)[0][0] for line in lines)
    margin = round(height * MARGIN)
    box_w = min(frame.width, longest + 2 * margin + 1 & ~1)
    box_h = min(frame.height, round(len(lines) * height * 1.4) + 2 * margin + 1 & ~1)
    luma, u, v = frame.y.copy(), frame.u.copy(), frame.v.copy()
    ground = np.ascontiguousarray(luma[-box_h:, :box_w])
    shaded = cv2.addWeighted(ground, SHADE, ground, 0, BLACK_Y * (1 - SHADE))
    for number, line in enumerate(lines):
        baseline = margin + round(number * height * 1.4) + height
        cv2.putText(shaded, line, (margin, baseline), FONT, scale, INK_Y, stroke, cv2.LINE_AA)
    luma[-box_h:, :box_w] = shaded
    u[-(box_h // 2) :, : box_w // 2] = v[-(box_h // 2) :, : box_w // 2] = GREY_UV
    return replace(frame, y=luma, u=u, v=v)


def _join(left: Plane, right: Plane, edge: int) -> Plane:
    joined = right.copy()
    joined[:, :edge] = left[:, :edge]
    return joined
