"""Named sets of degradations for evaluation."""

from distill.damage.cameras import CAMERAS
from distill.damage.degradation import FPS, Degradation, PoorCamera
from vcam.frame import Size
from vcam.link import LinkProfile


def _x264(crf: int, scale: float) -> Degradation:
    return Degradation(None, scale, LinkProfile(f"crf{crf}", crf=crf, fps=FPS))


def _vp8(bits_per_pixel: float, scale: float, size: Size) -> Degradation:
    """VP8 at a rate for each pixel that is sent of a picture of `size`."""
    pixels = size[0] * size[1] / scale**2
    return Degradation(
        None, scale, LinkProfile("vp8", "vp8", kbps=bits_per_pixel * pixels * FPS / 1000, fps=FPS)
    )


def good_end(size: Size) -> dict[str, Degradation]:
    """Links that leave a picture of (width, height) so good that a student can hardly but harm it."""
    x264 = {f"x{scale} crf{crf}": _x264(crf, scale) for scale in (1, 2) for crf in (14, 18)}
    vp8 = {f"x{scale} vp8 {bits:g} bpp": _vp8(bits, scale, size) for scale in (1, 2) for bits in (0.3, 0.5)}
    return {f"G{number} {label}": each for number, (label, each) in enumerate((x264 | vp8).items(), 1)}


# x2 and x3 at three qualities
SCALED = {f"x{scale} crf{crf}": _x264(crf, scale) for scale in (2, 3) for crf in (28, 32, 36)}
VP8_300_KBPS = LinkProfile("vp8", "vp8", kbps=300, fps=FPS)
NAMED = {
    "D1 x1 crf36": _x264(36, 1),
    "D2 x2 crf30": _x264(30, 2),
    "D3 x2 vp8 300k": Degradation(None, 2, VP8_300_KBPS),
    "D4 x3 crf30": _x264(30, 3),
    "D5 x4 crf28": _x264(28, 4),
}
# white grey noise, independent in each frame; W, L and N are closer to real webcams
WEBCAM = {"W poor webcam": Degradation(camera=PoorCamera(blur_px=0.8, noise=3, quality=70))}
CLEAN = {"clean": Degradation()}
TITLES = {"W": "W webcam, white noise", "L": "L dim room, white noise", "N": "N dim room, grain"}
FILMED = {name: {TITLES[name]: Degradation(camera)} for name, camera in CAMERAS.items()}
SETS = {"scaled": SCALED, "named": NAMED, "webcam": WEBCAM, "clean": CLEAN, **FILMED}
