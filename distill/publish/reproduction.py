"""Publish a recipe's network and its scores on held-out samples: weights/recipes/NAME.onnx and NAME.json."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from distill.data.pack import Samples
from distill.data.prepare import Prepared
from distill.evaluate.machine import cpu_model, current_commit
from distill.export.halve import halve, round_to_half
from distill.export.picture import export_picture
from distill.networks.cost import count_parameters, macs_per_pixel
from distill.publish.weights_folder import replace_files
from distill.recipe import Recipe, list_teachers
from distill.training.batches import shown_to, to_batch
from distill.training.objective import Teacher
from distill.training.trainer import Trainer
from vcam.manifest import sha256_of
from vcam.metrics import mse, psnr, ssim

LARGEST_FILE = 2_000_000  # bytes: larger networks are not stored
BATCH = 8
MOST_PSNR = 60.0  # dB, the PSNR of identical pictures in a mean

Pictures = npt.NDArray[np.uint8]  # (N, C, S, S)
Scores = dict[str, float | None]


def write_record(
    recipe: Recipe,
    network: nn.Module,
    data: Prepared,
    trainer: Trainer,
    teachers: Sequence[Teacher],
    folder: Path,
) -> None:
    """Score a trained network on its held-out samples; write NAME.json, and NAME.onnx if it is small.

    Weights that are too large are rounded to half precision, and scored so.
    """
    commit = current_commit()
    metadata = {"name": recipe.name, "recipe": json.dumps(asdict(recipe)), "commit": commit}
    content = export_picture(network, metadata)
    is_halved = LARGEST_FILE < len(content) <= 2 * LARGEST_FILE
    if is_halved:
        round_to_half(network)
        content = halve(export_picture(network, metadata))
    is_kept = len(content) <= LARGEST_FILE
    record = {
        "name": recipe.name,
        "title": recipe.title,
        "kind": "teacher" if recipe.name in list_teachers() else "student",
        "parameters": count_parameters(network),
        "macs_per_pixel": macs_per_pixel(network),
        "data": f"{data.origin}; {len(data.held.clips)} held-out samples",
        "losses": trainer.objective.losses,
        "distillation": dict(trainer.objective.taught_by),
        "iterations": trainer.iteration,
        "planned": recipe.training.iterations,
        "seconds": round(trainer.seconds),
        "core_seconds": None if trainer.core_seconds is None else round(trainer.core_seconds),
        "sittings": trainer.sittings,
        "machine": cpu_model(),
        "commit": commit,
        "sha256": sha256_of(content),
        "onnx": f"{recipe.name}.onnx" if is_kept else None,
        "precision": "fp16" if is_halved else "fp32",
        "claims": [asdict(claim) for claim in recipe.claims],
        "own": score_held_out(network, data.held, teachers),
        "curve": trainer.curve(),
    }
    text = (json.dumps(record, indent=1) + "\n").encode()
    weights = {f"{recipe.name}.onnx": content} if is_kept else {}
    replace_files(folder, weights | {f"{recipe.name}.json": text})
    if not is_kept:
        (folder / f"{recipe.name}.onnx").unlink(missing_ok=True)  # left by an earlier, smaller network
    print(f"{recipe.name}: {json.dumps(record['own'])}")


def score_held_out(network: nn.Module, held: Samples, teachers: Sequence[Teacher] = ()) -> dict[str, Any]:
    """Score the held-out samples: degraded, restored by the network, and restored by its first teacher."""
    middle = held.clips.shape[1] // 2
    seen, truth = held.clips[:, middle, 0], held.clips[:, middle, 1]
    restored = restore(network, held)
    scores: dict[str, Any] = {
        "pictures": len(truth),
        "side": truth.shape[-1],
        "input": score(seen, truth),
        "output": score(restored, truth),
    }
    if teachers:
        taught = restore(teachers[0], held)
        scores |= {"teacher": score(taught, truth), "against_teacher": score(restored, taught)}
    return scores


@torch.no_grad()
def restore(network: nn.Module, held: Samples) -> Pictures:
    """Restore the samples' middle frames, rounded to code values."""
    device = next(network.parameters()).device
    planes = held.clips.shape[3]
    restored = []
    for start in range(0, len(held.clips), BATCH):
        part = slice(start, start + BATCH)
        batch = to_batch(held.clips[part], held.kinds[part]).to(device)
        picture = network(shown_to(network, batch.seen, batch.context, planes)).clamp(0, 1)
        restored.append((picture * 255).round().to(torch.uint8).cpu().numpy())
    return np.concatenate(restored)


def score(pictures: Pictures, truth: Pictures) -> Scores:
    """Mean PSNR in dB, SSIM (Wang's window) on luma and over R, G and B, and MSE at full scale 1.

    pictures, truth   (N, C, S, S); with one plane, RGB scores are None
    """
    is_rgb = truth.shape[1] == 3
    luma = [(_luma(a), _luma(b)) for a, b in zip(pictures, truth, strict=True)]
    planes = [(a[c], b[c]) for a, b in zip(pictures, truth, strict=True) for c in range(truth.shape[1])]
    rgb_error = [
        fmean(mse(x, y) for x, y in zip(a, b, strict=True)) for a, b in zip(pictures, truth, strict=True)
    ]
    return {
        "psnr_y": fmean(min(psnr(a, b), MOST_PSNR) for a, b in luma),
        "ssim_y": fmean(ssim(a, b) for a, b in luma),
        "psnr_rgb": fmean(_psnr_of(error) for error in rgb_error) if is_rgb else None,
        "ssim_rgb": fmean(ssim(a, b) for a, b in planes) if is_rgb else None,
        "mse": fmean(rgb_error) / 255**2,
    }


def _psnr_of(error: float) -> float:
    return MOST_PSNR if error == 0 else min(MOST_PSNR, 10 * float(np.log10(255**2 / error)))


def _luma(picture: Pictures) -> npt.NDArray[np.uint8]:
    """(C, S, S) as (S, S): BT.601 luma of RGB, full range."""
    if len(picture) == 1:
        return np.ascontiguousarray(picture[0])
    rgb = np.ascontiguousarray(picture.transpose(1, 2, 0))  # (S, S, 3)
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
