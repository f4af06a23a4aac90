"""VMAF and VMAF-NEG of restored frames, by libvmaf in imageio-ffmpeg's ffmpeg."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import imageio_ffmpeg

from vcam.errors import ModelError
from vcam.frame import Frame, pack

MODELS = {"vmaf": "vmaf_v0.6.1", "vmaf_neg": "vmaf_v0.6.1neg"}
LIMIT_S = 3600.0  # for one clip: minutes of HD take minutes
REMEDY = "run: pip install --force-reinstall imageio-ffmpeg; or leave VMAF out: --no-vmaf"


def find_ffmpeg() -> Path:
    """imageio-ffmpeg's ffmpeg, or the one in IMAGEIO_FFMPEG_EXE."""
    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise ModelError(f"no ffmpeg for VMAF: {error}; {REMEDY}") from None


def score_vmaf(
    restored: Sequence[Frame],
    truth: Sequence[Frame],
    features: Sequence[str] = (),
    ffmpeg: Path | None = None,
    models: Sequence[str] = tuple(MODELS),
) -> dict[str, list[float]]:
    """Score restored frames against the truth, both in the order they are shown.

    restored, truth   frames of one size
    features          libvmaf's own, beside the two models: "psnr", "float_ssim", "float_ms_ssim"
    ffmpeg            executable; by default that of imageio-ffmpeg
    models            some of MODELS

    Returns the scores of each frame by name: "vmaf" and "vmaf_neg" in 0..100, and libvmaf's names for the
    features. VMAF's motion is computed from the previous and the next frame; the first frame has none.
    Raises ModelError if ffmpeg cannot be run, has no libvmaf or lacks a model.
    Source: github Netflix/vmaf; NEG: "no enhancement gain", models of libvmaf 2.
    """
    if len(restored) != len(truth) or restored[0].size != truth[0].size:
        raise ValueError(
            f"VMAF compares as many frames of one size: {len(restored)} of {restored[0].size}, "
            f"{len(truth)} of {truth[0].size}"
        )
    with tempfile.TemporaryDirectory(prefix="vmaf-") as name:
        folder = Path(name)
        _write_frames(restored, folder / "restored.yuv")
        _write_frames(truth, folder / "truth.yuv")
        _run(_command(ffmpeg or find_ffmpeg(), truth[0], features, models), folder)
        frames = json.loads((folder / "log.json").read_text())["frames"]
    scores = [frame["metrics"] for frame in frames]
    return {key: [score[key] for score in scores] for key in scores[0]}


def _write_frames(frames: Sequence[Frame], path: Path) -> None:
    with path.open("wb") as file:
        for frame in frames:
            file.write(pack(frame).data)


def _command(ffmpeg: Path, frame: Frame, features: Sequence[str], models: Sequence[str]) -> list[str]:
    """The command: one process for all models, one thread, because sweeps may run in parallel."""
    named = "|".join(rf"version={MODELS[name]}\:name={name}" for name in models)
    options = [f"model='{named}'", "n_threads=1", "log_fmt=json", "log_path=log.json"]
    if features:
        options.append("feature='" + "|".join(f"name={name}" for name in features) + "'")
    raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", f"{frame.width}x{frame.height}"]
    return [
        *(str(ffmpeg), "-nostdin", "-hide_banner", "-loglevel", "error", "-threads", "1"),
        *(*raw, "-i", "restored.yuv", *raw, "-i", "truth.yuv"),
        *("-lavfi", "[0:v][1:v]libvmaf=" + ":".join(options), "-f", "null", "-"),
    ]


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise ModelError(
            f"{command[0]} has not computed VMAF within {LIMIT_S:.0f} s, expected seconds a clip; {REMEDY}"
        ) from None
    except OSError as error:
        raise ModelError(f"cannot run {command[0]}: {error.strerror}; {REMEDY}") from None
    if done.returncode == 0 and (folder / "log.json").exists():
        return
    if "No such filter" in done.stderr:
        raise ModelError(f"{command[0]} is built without libvmaf; {REMEDY}")
    lines = done.stderr.strip().splitlines() or ["it says nothing"]
    raise ModelError(f"{command[0]} could not compute VMAF: {lines[0]}; {REMEDY}")
