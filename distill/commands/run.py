"""Train a recipe's teachers and its network, then export, evaluate and publish it.

Where a model of the recipe's name is published, it is not trained from scratch: the published student, both
looks, learns from your files and the bundled clip for some minutes. --full runs the whole recipe,
--from-scratch starts it from nothing. Ctrl-C saves at once; the same command goes on.
"""

import argparse
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from distill.catalogue import build, find_split
from distill.data.prepare import Prepared, prepare
from distill.data.splits import SAMPLES
from distill.networks.contract import planes_of
from distill.publish.fits import confidence_of_start
from distill.publish.judgement import open_judge
from distill.publish.reproduction import write_record
from distill.publish.student import release, release_look, with_look
from distill.publish.weights_folder import published
from distill.recipe import Recipe, load_recipe
from distill.studies.perceptual import VggPerceptual
from distill.training.fine_tune import fine_tune, folder_of
from distill.training.objective import PERCEPTUAL, Teacher
from distill.training.parallel import ProcessGroup, join_process_group
from distill.training.sittings import last_sitting
from distill.training.smoke import smoke
from distill.training.teachers import load_pretrained, train_teacher
from distill.training.trainer import Trainer
from distill.training.warm_start import starts_from_published
from vcam.errors import ConfigError, ModelError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recipe", default="fast")
    parser.add_argument(
        "--full",
        action="store_true",
        help="the whole recipe, for hours, where the published student is trained on for minutes",
    )
    add_training_arguments(parser)


def add_training_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a training run: sharp media, pretrained teachers, VGG weights, smoke run."""
    parser.add_argument(
        "--smoke", action="store_true", help="run all steps in under a minute, teachers included"
    )
    parser.add_argument(
        "--from-scratch",
        action="store_true",
        help="the whole recipe and its teachers, from nothing instead of what is published",
    )
    parser.add_argument(
        "--minutes",
        type=float,
        help="end training after so long and publish; the same command goes on from there",
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
    recipe = load_recipe(args.recipe)
    is_tuned = tunes(recipe, args)
    recipe = cut(fine_tune(recipe) if is_tuned else recipe, args)
    if (
        is_tuned
    ):  # on two threads a network this small takes 30 times as long where a camera keeps a core busy
        torch.set_num_threads(1)
    with join_process_group() as group:
        teachers = find_teachers(recipe, args, group)
        network, trainer, data = train(recipe, teachers, args, group)
        crisp = train(load(recipe.look, args), [], args, group)[0] if recipe.look else None
    if not group.is_main:
        return
    places = (data.held, args.data, args.build, args.weights)
    if recipe.publish == "camera":
        with saying_what_stays(recipe, args):
            release(recipe, with_look(recipe, network, crisp), *places, is_tuned=is_tuned)
    elif recipe.publish == "look":
        release_look(recipe, network, *places)
    else:
        write_record(recipe, network, data, trainer, teachers, args.weights / "recipes")


@contextmanager
def saying_what_stays(recipe: Recipe, args: argparse.Namespace) -> Iterator[None]:
    """Add to a refusal to publish what became of the published model and of the training: nothing is lost."""
    try:
        yield
    except ModelError as error:
        staged = args.build / recipe.name / "weights"
        stays = f"{args.weights} is as it was"
        if recipe.name in published(args.weights):
            stays += f", cameras go on with its {recipe.name}"
        if staged.is_dir():
            stays += f", and the trained student is in {staged}"
        raise ModelError(f"{error}. Nothing was lost: {stays}") from None


def tunes(recipe: Recipe, args: argparse.Namespace) -> bool:
    """Whether the published student of this recipe is trained on for some minutes, instead of all of it."""
    is_whole = args.full or args.from_scratch or args.pretrained
    return recipe.publish == "camera" and recipe.name in published(args.weights) and not is_whole


def train(
    recipe: Recipe, teachers: list[Teacher], args: argparse.Namespace, group: ProcessGroup
) -> tuple[nn.Module, Trainer, Prepared]:
    """Make a recipe's samples and train its network, or go on with it. Returns the averaged network."""
    perceptual = find_perceptual(recipe, args, group)
    split, folder = find_split(recipe.data, args.data), args.build / recipe.name
    if recipe.publish == "camera":
        # with too little to judge by, or an unreadable confidence to start from, it fails before it trains
        open_judge(recipe, args.data)
        confidence_of_start(recipe, recipe.name, args.weights)
    if recipe.data.bundled and not args.smoke:
        folder = folder_of(recipe, split, published(args.weights)[recipe.name], args.build)
    with group.local_main_first():
        data = prepare(recipe.data, split, args.build, args.threads)
    longest_s = math.inf if args.minutes is None else args.minutes * 60
    trainer = Trainer(recipe, folder, teachers, group, perceptual, weights=args.weights, longest_s=longest_s)
    records = records_of(args)
    trainer.resume(last_sitting(recipe, records, print) if records and recipe.publish == "record" else None)
    return trainer.fit(data), trainer, data


def load(name: str, args: argparse.Namespace) -> Recipe:
    """Load a recipe as the options change it."""
    return cut(load_recipe(name), args)


def cut(recipe: Recipe, args: argparse.Namespace) -> Recipe:
    """A recipe cut down for a smoke run; without a published student to start from for --from-scratch."""
    recipe = smoke(recipe) if args.smoke else recipe
    if args.from_scratch and starts_from_published(recipe.training.start):
        return replace(recipe, training=replace(recipe.training, start=""))
    return recipe


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
            records_of(args),
        )
        for one in (load(name, args) for name in recipe.distillation.teachers)
    ]
    return trained + pretrained


def records_of(args: argparse.Namespace) -> Path | None:
    """The folder of published records that runs go on from; None if they must not."""
    return None if args.from_scratch or args.smoke else args.weights / "recipes"


def find_perceptual(recipe: Recipe, args: argparse.Namespace, group: ProcessGroup) -> nn.Module | None:
    """The recipe's perceptual loss, if it has one and its weights are given; otherwise None."""
    if PERCEPTUAL not in recipe.losses:
        return None
    if args.vgg is None:
        print(f"{recipe.name}: the perceptual loss is left out; pass VGG16 weights with --vgg FILE")
        return None
    return VggPerceptual(args.vgg).to(group.device)
