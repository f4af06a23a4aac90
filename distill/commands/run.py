"""Train a recipe's teachers and its network, export it, judge it, and publish it."""

import argparse
from pathlib import Path

from distill.data.sources import prepare
from distill.parallel import join_company
from distill.recipe import load_recipe
from distill.record import write_record
from distill.release import release
from distill.teachers import train_teacher
from distill.train import Trainer

SAMPLES = Path(__file__).resolve().parents[2] / "vcam" / "samples"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recipe", default="fast")
    parser.add_argument("--data", type=Path, nargs="+", default=[SAMPLES], help="folders of sharp media")


def run(args: argparse.Namespace) -> None:
    recipe = load_recipe(args.recipe)
    with join_company() as company:
        teachers = [
            train_teacher(name, args.data, args.build, args.threads, company)
            for name in recipe.distillation.teachers
        ]
        data = prepare(recipe.data, args.data, args.build, args.threads)
        trainer = Trainer(recipe, args.build / recipe.name, teachers, company)
        trainer.resume()
        network = trainer.fit(data)
    if not company.is_first:
        return
    if recipe.publish == "camera":
        release(recipe, network, data.held, args.data, args.build, args.weights)
    else:
        write_record(recipe, network, data.held, trainer, teachers, args.weights / "recipes")
