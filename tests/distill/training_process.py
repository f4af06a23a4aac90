"""A training run as a process of its own, to be killed or multiplied: RECIPE.toml SAMPLES RUN.

SAMPLES is a folder with clips.npy and kinds.npy; the run's networks are left in RUN/weights-RANK.pt.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

from distill.data.pack import Samples
from distill.data.prepare import Prepared
from distill.recipe import load_recipe
from distill.training.parallel import join_process_group
from distill.training.trainer import Trainer

ROOT = Path(__file__).resolve().parents[2]


def start(launcher: list[str], recipe: Path, samples: Path, run: Path) -> subprocess.Popen[str]:
    """Start a run as `python LAUNCHER this file ...`; it prints a line at each check."""
    return subprocess.Popen(
        [sys.executable, *launcher, __file__, str(recipe), str(samples), str(run)],
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def save_samples(samples: Samples, folder: Path) -> Path:
    folder.mkdir()
    np.save(folder / "clips.npy", samples.clips)
    np.save(folder / "kinds.npy", samples.kinds)
    return folder


def main(recipe: str, folder: Path, run: Path) -> None:
    torch.set_num_threads(1)
    samples = Samples(np.load(folder / "clips.npy"), np.load(folder / "kinds.npy"))
    with join_process_group() as group:
        trainer = Trainer(load_recipe(recipe), run, group=group, log=say)
        trainer.resume()
        network = trainer.fit(Prepared([samples], samples))
        torch.save(network.state_dict(), run / f"weights-{group.rank.index}.pt")


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
