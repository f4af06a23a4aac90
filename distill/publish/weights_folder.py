"""Put a student into the weights folder, if it is better than the one that is there."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import onnx

from vcam.errors import ModelError
from vcam.manifest import (
    FILE_NAME,
    ModelFile,
    ModelSpec,
    manifest_text,
    read_manifest,
    sha256_of,
)

MOST_LOST_DB = 0.02  # by the one grid that both looks' weights share
CLEAN_DB = 45.0  # what a clean picture must come out at, against itself


@dataclass(frozen=True)
class Candidate:
    """An exported student that may be published."""

    spec: ModelSpec  # its files are named, hashed and measured
    contents: Mapping[str, bytes]  # precision -> ONNX file


def make_candidate(spec: ModelSpec, contents: Mapping[str, bytes]) -> Candidate:
    """Name and hash a student's files: NAME-PRECISION.onnx."""
    files = {
        precision: ModelFile(f"{spec.name}-{precision}.onnx", sha256_of(content), _opset(content))
        for precision, content in contents.items()
    }
    return Candidate(replace(spec, files=files), contents)


def _opset(content: bytes) -> int:
    model = onnx.load_from_string(content)
    return next(entry.version for entry in model.opset_import if not entry.domain)


def write_candidate(candidate: Candidate, folder: Path, others: Sequence[ModelSpec] = ()) -> None:
    """Write the candidate's files and a manifest of it and `others`.

    All are written before the first takes its place, the manifest last: a full disk leaves the old ones.
    Models are listed by their cost, the dearest first: the order in which a daemon tries them.
    """
    specs = sorted((candidate.spec, *others), key=lambda spec: -spec.macs_per_pixel)
    files = {
        candidate.spec.files[precision].name: content for precision, content in candidate.contents.items()
    }
    files[FILE_NAME] = manifest_text({spec.name: spec for spec in specs}).encode()
    replace_files(folder, files)


def replace_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files, by name, into a folder: all of them before the first takes its place, in this order."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / f"{name}.tmp").write_bytes(content)
    for name in contents:
        os.replace(folder / f"{name}.tmp", folder / name)


def published(folder: Path) -> dict[str, ModelSpec]:
    """The models that are published already; none if the folder has no manifest yet."""
    return read_manifest(folder) if (folder / FILE_NAME).exists() else {}


def check_better(new: Mapping[str, float], old: Mapping[str, float] | None, clean_psnr: float) -> None:
    """Raise ModelError if a student must not be published.

    new, old     psnr_gain, ssim_gain, worst_psnr_gain on the same held-out clips; old None if there is none
    clean_psnr   of a clean picture, restored, against itself, in dB
    """
    if not (new["psnr_gain"] > 0 and new["ssim_gain"] > 0):  # so written, nan is refused too
        raise ModelError(
            f"not published: the student gains {new['psnr_gain']:+.3f} dB and {new['ssim_gain']:+.4f} SSIM "
            "over its input, expected more than 0; train for longer"
        )
    if old is not None and not new["psnr_gain"] > old["psnr_gain"]:
        raise ModelError(
            f"not published: {new['psnr_gain']:+.3f} dB on the held-out clips, the published one has "
            f"{old['psnr_gain']:+.3f} dB; train for longer, or remove that one from the manifest"
        )
    check_clean(clean_psnr)


def check_look(
    faithful: Mapping[str, float], crisp: Mapping[str, float], old: Mapping[str, float], clean_psnr: float
) -> None:
    """Raise ModelError if a model must not be given a crisp look.

    faithful, crisp   what its two looks gain on the same held-out clips
    old               what the published model gains on them
    clean_psnr        of a clean picture through the worse of the looks, in dB
    """
    lost = old["psnr_gain"] - faithful["psnr_gain"]
    if not lost <= MOST_LOST_DB:
        raise ModelError(
            f"not published: beside the crisp look the faithful one gains {lost:.3f} dB less than the "
            f"published model, expected at most {MOST_LOST_DB}; publish what it was started from anew"
        )
    if not crisp["psnr_gain"] >= 0:
        raise ModelError(
            f"not published: the crisp look gains {crisp['psnr_gain']:+.3f} dB over its input, "
            "expected 0 or more; give careful_mse more weight"
        )
    check_clean(clean_psnr)


def check_clean(clean_psnr: float) -> None:
    """Raise ModelError if a clean picture loses too much in any plane; in dB against itself."""
    if not clean_psnr >= CLEAN_DB:
        raise ModelError(
            f"not published: a clean picture comes out at {clean_psnr:.1f} dB of itself, "
            f"expected at least {CLEAN_DB:g}"
        )
