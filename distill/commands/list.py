"""List the recipes and the teachers."""

import argparse

from distill.recipe import list_recipes, list_teachers, load_recipe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(args: argparse.Namespace) -> None:
    for heading, names in (("recipes", list_recipes()), ("teachers", list_teachers())):
        print(f"{heading}:")
        for name in names:
            recipe = load_recipe(name)
            taught = f" (taught by {', '.join(recipe.distillation.teachers)})" * bool(
                recipe.distillation.teachers
            )
            print(f"  {name:24} {recipe.title}{taught}")
