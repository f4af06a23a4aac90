"""python -m distill: make pairs, train, export, judge and publish a recipe's student."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from distill.data import Media, Pairs, list_media, pack_shards, split
from distill.evaluate import (
    CLEAN,
    SCALED,
    SETS,
    WEBCAM,
    Row,
    evaluate,
    hold_out,
    read_clips,
    summarise,
    table,
)
from distill.export import check_parity, export_fp32, export_int8
from distill.networks.cellnet import CellNet, macs_per_pixel
from distill.publish import (
    Candidate,
    check_better,
    current_commit,
    make_candidate,
    published,
    write_candidate,
)
from distill.recipe import Recipe, list_recipes, load_recipe
from distill.train import Trainer
from vcam.errors import ModelError, VcamError
from vcam.manifest import ModelSpec, read_manifest, weights_folder
from vcam.restore import Engine, Model

VALIDATION_SHARDS = 4
VALIDATION_PAIRS = 192
JUDGED_CLIPS = 8
SAMPLES = Path(__file__).resolve().parent.parent / "vcam" / "samples"


def prepare(recipe: Recipe, arguments: argparse.Namespace) -> tuple[list[Pairs], Pairs]:
    """Make the recipe's pairs below the build folder, or find them; returns training and validation pairs."""
    data = recipe.data
    train, held = split(list_media(arguments.data), data.holdout)
    places = ((train, "train", data.shards, data.seed), (held, "held", VALIDATION_SHARDS, data.seed + 1))
    shards = []
    for media, name, count, seed in places:
        folder = arguments.build / f"pairs-{data.side}-{data.seed}" / name
        making = pack_shards(media, folder, count, data.side, seed, arguments.threads)
        paths = sorted(tqdm(making, f"{name} pairs", count, unit="shard"))
        shards.append([np.load(path, mmap_mode="r") for path in paths])
    return shards[0], np.concatenate(shards[1])[:VALIDATION_PAIRS]


def export(recipe: Recipe, student: CellNet, pairs: Pairs, data: Sequence[Path]) -> Candidate:
    """Export a trained student in both precisions, checked against torch."""
    spec = ModelSpec(
        recipe.name,
        cell=student.cell,
        macs_per_pixel=macs_per_pixel(student),
        files={},
        recipe=json.dumps(asdict(recipe)),
        data=" ".join(folder.name for folder in data),
        commit=current_commit(),
    )
    metadata = {"name": spec.name, "cell": str(spec.cell), "recipe": spec.recipe, "commit": spec.commit}
    contents = {
        "int8": export_int8(student, pairs, metadata),
        "fp32": export_fp32(student, metadata),
    }
    parity = check_parity(student, contents, np.ascontiguousarray(pairs[0, 0]))
    print("difference from torch, code values rms: " + ", ".join(f"{k} {v:.2f}" for k, v in parity.items()))
    return make_candidate(spec, contents)


def judge(spec: ModelSpec, folder: Path, held: Media, side: int) -> tuple[dict[str, float], float]:
    """What a model gains on held-out media, and the PSNR at which a clean picture comes out, as shipped."""
    model = Model(spec, folder, Engine("cpu"))
    clips = list(hold_out(held, side, JUDGED_CLIPS))
    damaged = SCALED | WEBCAM
    rows = list(evaluate(model, tqdm(clips, f"judging {spec.name}"), damaged, stride=2))
    clean = list(evaluate(model, clips, CLEAN, stride=5))
    return summarise(rows), min(row.psnr_after for row in clean)


def publish(candidate: Candidate, recipe: Recipe, arguments: argparse.Namespace) -> None:
    """Judge the candidate beside the published model of its name, and take its place if it is better."""
    staging = arguments.build / recipe.name / "weights"
    write_candidate(candidate, staging)
    _, held = split(list_media(arguments.data), recipe.data.holdout)
    new, clean_psnr = judge(candidate.spec, staging, held, recipe.data.side)
    print(f"{recipe.name}: {json.dumps(new)}, clean {clean_psnr:.1f} dB")
    others = published(arguments.weights)
    old = None
    if recipe.name in others:
        old, _ = judge(others.pop(recipe.name), arguments.weights, held, recipe.data.side)
        print(f"published: {json.dumps(old)}")
    check_better(new, old, clean_psnr)
    measured = replace(candidate.spec, measured={**new, "clean_psnr": round(clean_psnr, 2)})
    write_candidate(replace(candidate, spec=measured), arguments.weights, list(others.values()))
    print(f"published {recipe.name} in {arguments.weights}")


def distill(arguments: argparse.Namespace) -> None:
    """The whole road of one recipe."""
    recipe = load_recipe(arguments.recipe)
    shards, validation = prepare(recipe, arguments)
    trainer = Trainer(recipe, arguments.build / recipe.name)
    trainer.resume()
    student = trainer.fit(shards, validation)
    publish(export(recipe, student, validation, arguments.data), recipe, arguments)


def evaluate_clips(arguments: argparse.Namespace) -> None:
    """Print a published model's table on a folder of clips, then one JSON line."""
    specs = read_manifest(arguments.weights)
    if arguments.model not in specs:
        raise ModelError(f"no model {arguments.model!r} in the manifest; choose one of: {', '.join(specs)}")
    model = Model(specs[arguments.model], arguments.weights, Engine("cpu"))
    clips = read_clips(arguments.clips, arguments.min_height, arguments.frames)
    rows: list[Row] = []
    for row in evaluate(model, clips, SETS[arguments.set], arguments.stride):
        rows.append(row)
        print(f"{row.clip} {row.degradation} {row.psnr_gain:+.2f} dB", file=sys.stderr)
    if not rows:
        raise ModelError(f"no clips of {arguments.min_height} lines or more in {arguments.clips}")
    print(table(rows))
    print(json.dumps({"model": arguments.model, "set": arguments.set, **summarise(rows)}))


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _parse(argv)
    torch.set_num_threads(arguments.threads)
    try:
        arguments.run(arguments)
    except VcamError as error:
        print(f"distill: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _print_recipes(arguments: argparse.Namespace) -> None:
    for name in list_recipes():
        print(f"{name:10} {load_recipe(name).title}")


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m distill", description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--weights", type=Path, default=weights_folder(), help="where models are published")
    commands = parser.add_subparsers(required=True)
    commands.add_parser("list", help="the recipes").set_defaults(run=_print_recipes)

    road = commands.add_parser("run", help="pairs, training, export, judgement, publication")
    road.add_argument("--recipe", default="fast")
    road.add_argument("--data", type=Path, nargs="+", default=[SAMPLES], help="folders of sharp media")
    road.add_argument("--build", type=Path, default=Path("build/distill"))
    road.set_defaults(run=distill)

    judged = commands.add_parser("evaluate", help="a published model on a folder of clips")
    judged.add_argument("clips", type=Path)
    judged.add_argument("--model", default="fast")
    judged.add_argument("--set", choices=SETS, default="scaled")
    judged.add_argument("--min-height", type=int, default=480)
    judged.add_argument("--frames", type=int, help="of each clip; default all")
    judged.add_argument("--stride", type=int, default=5, help="score every so manieth frame")
    judged.set_defaults(run=evaluate_clips)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
