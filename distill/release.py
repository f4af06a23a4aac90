"""From a trained student to the camera: both precisions, judged as shipped, published if better."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from torch import nn
from tqdm import tqdm

from distill.data.media import Media
from distill.data.pack import Samples
from distill.data.parts import listed
from distill.evaluate.degradations import CLEAN, SCALED, WEBCAM
from distill.evaluate.judge import evaluate, hold_out, summarise
from distill.export.cells import check_parity, export_fp32, export_gauge, export_int8
from distill.networks.catalogue import macs_per_pixel
from distill.networks.condnet import CondNet
from distill.publish import (
    Candidate,
    check_better,
    current_commit,
    make_candidate,
    published,
    write_candidate,
)
from distill.recipe import Recipe
from vcam.errors import ConfigError, SourceError
from vcam.manifest import ModelSpec
from vcam.restore import Engine, Model

JUDGED_CLIPS = 8


def release(
    recipe: Recipe, student: nn.Module, held: Samples, folders: Sequence[Path], build: Path, weights: Path
) -> None:
    """Judge the student beside the published model of its name, and let it take its place if it is better.

    folders   the sharp media it was trained on: the held-out part judges it
    build     where the candidate is staged
    """
    if not isinstance(student, CondNet):
        raise ConfigError(f'recipe {recipe.name}: publish = "camera" needs the network "condnet"')
    candidate = _export(recipe, student, held, folders)
    staging = build / recipe.name / "weights"
    write_candidate(candidate, staging)
    _, media, _ = listed(recipe.data, folders)
    new, clean_psnr = _judge(candidate.spec, staging, media, recipe.data.side)
    print(f"{recipe.name}: {json.dumps(new)}, clean {clean_psnr:.1f} dB")
    others = published(weights)
    old = None
    if recipe.name in others:
        old, _ = _judge(others.pop(recipe.name), weights, media, recipe.data.side)
        print(f"published: {json.dumps(old)}")
    check_better(new, old, clean_psnr)
    measured = replace(candidate.spec, measured={**new, "clean_psnr": round(clean_psnr, 2)})
    write_candidate(replace(candidate, spec=measured), weights, list(others.values()))
    print(f"published {recipe.name} in {weights}")


def _export(recipe: Recipe, student: CondNet, held: Samples, folders: Sequence[Path]) -> Candidate:
    """Export a trained student in both precisions, checked against torch."""
    spec = ModelSpec(
        recipe.name,
        cell=student.cell,
        macs_per_pixel=macs_per_pixel(student),
        files={},
        experts=student.experts,
        reach=student.reach,
        recipe=json.dumps(asdict(recipe)),
        data=" ".join(folder.name for folder in folders),
        commit=current_commit(),
    )
    metadata = {"name": spec.name, "cell": str(spec.cell), "recipe": spec.recipe, "commit": spec.commit}
    contents = {
        "int8": export_int8(student, metadata),
        "fp32": export_fp32(student, metadata),
        "gauge": export_gauge(student, metadata),
    }
    parity = check_parity(student, contents, np.ascontiguousarray(held.clips[0, 0, 0, 0]))
    print("difference from torch: " + ", ".join(f"{k} {v:.2g}" for k, v in parity.items()))
    return make_candidate(spec, contents)


def _judge(spec: ModelSpec, folder: Path, held: Media, side: int) -> tuple[dict[str, float], float]:
    """What a model gains on held-out media, and the PSNR at which a clean picture comes out, as shipped."""
    model = Model(spec, folder, Engine("cpu"))
    clips = list(hold_out(held, side, JUDGED_CLIPS))
    if not clips:
        raise SourceError("not published: none of the files held back to judge by can be read; check DATA")
    rows = list(evaluate(model, tqdm(clips, f"judging {spec.name}"), SCALED | WEBCAM, stride=2))
    clean = list(evaluate(model, clips, CLEAN, stride=5))
    return summarise(rows), min(row.psnr_after for row in clean)
