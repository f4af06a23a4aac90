"""How fast do networks train here, and how much of a step is spent on reading its batch?

Ceiling: a step of a network with M multiply-accumulates a pixel costs about 3 M for each pixel of its batch;
a core with AVX2 does 16 of them a cycle in fp32, 48 G a second at 3 GHz.
Wanted: reading takes no more than 20% of a step.
"""

import argparse
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import torch

from distill.catalogue import find_split
from distill.data.prepare import Prepared, prepare
from distill.networks.cost import count_parameters, macs_per_pixel
from distill.recipe import Network, Recipe, load_recipe
from distill.training.batches import draw_batch
from distill.training.trainer import Trainer

STEPS = 20
WARM_UP = 3
TRAINED = {
    "sharpkd, untaught": ("sharpkd", {}),
    "NAFNet of 0.3 M": ("nafnet", {"channels": 64, "blocks": 10}),
}


def measure(recipe: Recipe, data: Prepared) -> dict[str, float]:
    """Median milliseconds of a step, and of drawing its batch, over STEPS steps taken in turns."""
    reading, stepping = [], []
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(recipe, Path(folder))
        for iteration in range(WARM_UP + STEPS):
            start = time.perf_counter()
            batch = draw_batch(data.train, recipe.training, trainer.objective.frames, iteration)
            read = time.perf_counter()
            trainer.step(batch)
            reading.append((read - start) * 1e3)
            stepping.append((time.perf_counter() - start) * 1e3)
        network = trainer.student
    step = median(stepping[WARM_UP:])
    return {
        "parameters": count_parameters(network),
        "macs_per_pixel": macs_per_pixel(network),
        "step_ms": round(step, 1),
        "steps_per_s": round(1000 / step, 2),
        "reading_percent": round(100 * median(reading[WARM_UP:]) / step, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, nargs="+", default=[Path("vcam/samples")])
    parser.add_argument("--build", type=Path, default=Path("build/distill"))
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    rows = {}
    print("| network | parameters | MAC/px | batch | ms a step | steps/s | of it reading |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for title, (name, options) in TRAINED.items():
        recipe = load_recipe(name)
        network = Network(recipe.network.name, {**recipe.network.options, **options})
        untaught = replace(
            recipe, network=network, distillation=replace(recipe.distillation, teachers=(), losses={})
        )
        data = prepare(recipe.data, find_split(recipe.data, args.data), args.build, args.threads)
        row = measure(untaught, data)
        rows[title] = row
        shape = f"{recipe.training.batch} x {recipe.training.crop}²"
        cells = [title, f"{row['parameters']:.0f}", f"{row['macs_per_pixel']:.0f}", shape]
        cells += [str(row["step_ms"]), str(row["steps_per_s"]), f"{row['reading_percent']}%"]
        print(f"| {' | '.join(cells)} |")
    print(json.dumps({"threads": args.threads, "torch": torch.__version__, "rows": rows}))


if __name__ == "__main__":
    main()
