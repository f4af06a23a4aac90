"""Ablation: train a recipe's student with and without each loss and its teachers, three seeds each."""

import argparse
import json
import os
from dataclasses import replace
from pathlib import Path

from distill.catalogue import find_split
from distill.commands.run import add_training_arguments, find_teachers, load
from distill.data.prepare import prepare
from distill.training.ablation import SEEDS, ablate, find_variants
from distill.training.parallel import ProcessGroup


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--recipe", default="sharpkd", help="recipe whose network, data and teachers are used"
    )
    parser.add_argument("--teachers", nargs="+", help="teachers to use instead of the recipe's own")
    parser.add_argument("--iterations", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--crop", type=int, default=96, help="pixels")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--variants", nargs="+", help="names of variants; default: all")
    parser.add_argument("--out", default="ablation", help="NAME/ and NAME.json below the build folder")
    add_training_arguments(parser)


def run(args: argparse.Namespace) -> None:
    recipe = load(args.recipe, args)
    short = replace(
        recipe.training,
        iterations=args.iterations,
        batch=args.batch,
        crop=args.crop,
        check_every=max(1, args.iterations // 3),
    )
    variants = find_variants(args.variants)
    taught = replace(recipe.distillation, teachers=tuple(args.teachers or recipe.distillation.teachers))
    recipe = replace(recipe, training=short, distillation=taught)
    is_taught = any(variant.taught_by is None or variant.taught_by for variant in variants)
    teachers = find_teachers(recipe, args, ProcessGroup()) if is_taught else []
    data = prepare(recipe.data, find_split(recipe.data, args.data), args.build, args.threads)
    settings = {key: vars(args)[key] for key in ("recipe", "iterations", "batch", "crop")}
    settings["teachers"] = list(taught.teachers)
    rows = []
    for row in ablate(recipe, data, teachers, args.build / args.out, args.seeds, variants):
        rows.append(row)
        print(f"{row['variant']}, seed {row['seed']}: {row['gain_db']:+.3f} dB")
        _write(args.build / f"{args.out}.json", {"settings": settings, "rows": rows})


def _write(path: Path, content: dict[str, object]) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(content, indent=1))
    os.replace(temporary, path)
