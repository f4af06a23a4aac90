"""Train a recipe's teachers and its network, then export, evaluate and publish it."""

import argparse
from pathlib import Path

from torch import nn

from distill.catalogue import build, find_split
from distill.data.prepare import prepare
from distill.networks.contract import planes_of
from distill.publish.reproduction import write_record
from distill.publish.student import release, release_look
from distill.recipe import Recipe, load_recipe
from distill.studies.perceptual import VggPerceptual
from distill.training.objective import PERCEPTUAL, Teacher
from distill.training.parallel import ProcessGroup, join_process_group
from distill.training.smoke import smoke
from distill.training.teachers import load_pretrained, train_teacher
from distill.training.trainer import Trainer
from vcam.errors import ConfigError

SAMPLES = Path(__file__).resolve().parents[2] / "vcam" / "samples"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recipe", default="fast")
    add_training_arguments(parser)


def add_training_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a training run: sharp media, pretrained teachers, VGG weights, smoke run."""
    parser.add_argument(
        "--smoke", action="store_true", help="run all steps in under a minute, teachers included"
    )
    parser.add_argument("--data", type=Path, nargs="+", default=[SAMPLES], help="folders of sharp media")
    parser.add_argument("--vgg", type=Path, help="VGG16 weights, for recipes with the perceptual loss")
    parser.add_argument(
        "--pretrained",
        nargs="+",
        default=[],
        metavar="NETWORK=FILE",
        help="pretrained weights as additional teachers, such as rrdbnet=BSRGAN.pth",
    )


def run(args: argparse.Namespace) -> None:
    recipe = load(args.recipe, args)
    with join_process_group() as group:
        perceptual = find_perceptual(recipe, args, group)
        teachers = find_teachers(recipe, args, group)
        with group.local_main_first():
            data = prepare(recipe.data, find_split(recipe.data, args.data), args.build, args.threads)
        trainer = Trainer(recipe, args.build / recipe.name, teachers, group, perceptual)
        trainer.resume()
        network = trainer.fit(data)
    if not group.is_main:
        return
    if recipe.publish in ("camera", "look"):
        put = release if recipe.publish == "camera" else release_look
        put(recipe, network, data.held, args.data, args.build, args.weights)
    else:
        write_record(recipe, network, data, trainer, teachers, args.weights / "recipes")


def load(name: str, args: argparse.Namespace) -> Recipe:
    """Load a recipe, cut down for a smoke run."""
    recipe = load_recipe(name)
    return smoke(recipe) if args.smoke else recipe


def find_teachers(recipe: Recipe, args: argparse.Namespace, group: ProcessGroup) -> list[Teacher]:
    """The recipe's teachers, trained if needed, and the pretrained ones of the command line."""
    # pretrained ones first: a wrong path must fail before hours of training
    planes, pretrained = planes_of(build(recipe.network.name, recipe.network.options)), []
    for pair in args.pretrained:
        name, equals, path = pair.partition("=")
        if not equals:
            raise ConfigError(f"--pretrained {pair}: expected NETWORK=FILE, such as rrdbnet=BSRGAN.pth")
        pretrained.append(load_pretrained(name, Path(path), planes).to(group.device))
    trained = [
        train_teacher(
            one,
            args.data,
            args.build,
            args.threads,
            group,
            find_perceptual(one, args, group),
            recipe.distillation.symmetric,
        )
        for one in (load(name, args) for name in recipe.distillation.teachers)
    ]
    return trained + pretrained


def find_perceptual(recipe: Recipe, args: argparse.Namespace, group: ProcessGroup) -> nn.Module | None:
    """The recipe's perceptual loss, if it has one and its weights are given; otherwise None."""
    if PERCEPTUAL not in recipe.losses:
        return None
    if args.vgg is None:
        print(f"{recipe.name}: the perceptual loss is left out; pass VGG16 weights with --vgg FILE")
        return None
    return VggPerceptual(args.vgg).to(group.device)
