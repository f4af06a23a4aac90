"""Pictures to test with, made from nothing."""

from collections.abc import Callable
from functools import cache
from typing import TypeAlias

import cv2
import numpy as np

from vcam.conversion.opencv import from_bgr
from vcam.frame import Frame, Size

FPS = 30
PERIOD_NS = 1_000_000_000 // FPS

Film: TypeAlias = Callable[[int, Size], list[Frame]]


@cache
def talking_head(count: int, size: Size) -> list[Frame]:
    """A call's picture: a smooth background that stands still, and a detailed face that sways before it."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    wall = np.stack([60 + 80 * x / width, 90 + 60 * y / height, 120 + 40 * np.sin(x * 9 / width)], -1)
    noise = np.random.default_rng(1).standard_normal((height, width)).astype(np.float32)
    skin = np.array([110, 140, 200]) + 40 * cv2.GaussianBlur(noise, (0, 0), 1.2)[..., None]
    frames = []
    for index in range(count):
        left = width * (0.5 + 0.1 * np.sin(index / 9))
        top = height * (0.5 + 0.03 * np.cos(index / 7))
        distance = ((x - left) / (width * 0.16)) ** 2 + ((y - top) / (height * 0.3)) ** 2
        face = np.exp(-(distance**2))[..., None]
        moved = np.roll(skin, (int(top), int(left)), (0, 1))
        bgr = np.clip(wall * (1 - face) + moved * face, 0, 255).astype(np.uint8)
        frames.append(from_bgr(bgr, index, index * PERIOD_NS))
    return frames
