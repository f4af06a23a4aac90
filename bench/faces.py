"""Does it serve all faces alike? The gain on portraits by skin tone and glasses, of every shipped look.

    python -m bench.faces FOLDER ... [--labels bench/portraits.tsv]

The labels are a table with tabs: a heading, then a portrait a line. Its first column is the name of a file,
without the ending, anywhere below the folders; every other column parts the portraits into groups by what it
says. bench/portraits.tsv has those that no training has seen of the sets that the shipped models learnt from,
labelled by eye by one person: skin as it looks beside the others of its set, whose light it is in.

Each portrait is panned as training's are, 480 pixels a side, sent through D1 to D5 and the poor webcam
(distill/evaluate/degradations.py), and restored as the camera would. Prints the mean gain in PSNR-Y and
SSIM-Y and the worst portrait and damage of each group, then one JSON line.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from distill.data.media import STILLS, pan_still
from distill.evaluate.degradations import NAMED, WEBCAM
from distill.evaluate.judge import FIRST_SCORED, Row, evaluate, summarise
from distill.report.markdown import signed, table
from vcam.errors import ModelError, SourceError, VcamError
from vcam.frame import Frame
from vcam.manifest import read_manifest, weights_folder
from vcam.restore import Engine, Model

SIDE = 480
FRAMES = FIRST_SCORED + 8
LABELS = Path(__file__).with_name("portraits.tsv")


def read_labels(path: Path) -> dict[str, list[str]]:
    """The portraits of each group, "skin: dark" and so on, in the order of the table's columns.

    Raises SourceError if the file is not such a table.
    """
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines(), delimiter="\t"))
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"cannot read the labels {path}: {error}") from None
    if not rows or len(rows[0]) < 2 or any(None in row or None in row.values() for row in rows):
        raise SourceError(
            f"{path} is not a table with tabs: a heading, then a portrait and its labels a line"
        )
    name, *columns = rows[0]
    groups: dict[str, list[str]] = {}
    for column in columns:
        for label in sorted({row[column] for row in rows}):
            groups[f"{column}: {label}"] = [row[name] for row in rows if row[column] == label]
    return groups


def find_portraits(folders: Sequence[Path], names: Sequence[str]) -> dict[str, Path]:
    """The files of these names below the folders. Raises SourceError if one is missing."""
    paths = {
        path.stem: path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in STILLS
    }
    if missing := [name for name in names if name not in paths]:
        raise SourceError(
            f"no picture {missing[0]!r} below {' '.join(map(str, folders))} ({len(missing)} of {len(names)} "
            "missing); name its folder too, or give other --labels"
        )
    return {name: paths[name] for name in names}


def clips(portraits: Mapping[str, Path]) -> Iterator[tuple[str, list[Frame]]]:
    """A panned clip of each portrait. Raises SourceError for one that is no picture."""
    for name, path in portraits.items():
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            raise SourceError(f"cannot read {path} as a picture")
        yield name, pan_still(image, SIDE, FRAMES, np.random.default_rng(sum(path.name.encode())))


def group_cells(rows: Sequence[Row], names: Sequence[str]) -> tuple[str, dict[str, float | str]]:
    """A group's figures as a cell of the card, and as values."""
    found = summarise([row for row in rows if row.clip in names])
    gain, ssim_gain, worst = (found[key] for key in ("psnr_gain", "ssim_gain", "worst_psnr_gain"))
    assert isinstance(gain, float)
    assert isinstance(ssim_gain, float)
    assert isinstance(worst, float)
    return f"{signed(gain)} dB, {signed(ssim_gain, 4)}, {signed(worst)} dB", found


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--labels", type=Path, default=LABELS)
    parser.add_argument("--models", nargs="+", help="default all that WEIGHTS has")
    parser.add_argument("--weights", type=Path, default=weights_folder())
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args(argv)
    try:
        judge_groups(arguments)
    except VcamError as error:
        print(f"bench.faces: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def judge_groups(arguments: argparse.Namespace) -> None:
    """Every look of every model on every portrait once; then group by group."""
    cv2.setNumThreads(arguments.threads)
    groups = read_labels(arguments.labels)
    names = list(dict.fromkeys(name for each in groups.values() for name in each))
    portraits = find_portraits(arguments.folders, names)
    specs = read_manifest(arguments.weights)
    models = arguments.models or list(specs)
    if unknown := [model for model in models if model not in specs]:
        raise ModelError(f"no model {unknown[0]!r} in the manifest; choose some of: {', '.join(specs)}")
    cells: dict[str, list[str]] = {group: [] for group in groups}
    found: dict[str, dict[str, dict[str, float | str]]] = {}
    for model in models:
        opened = Model(specs[model], arguments.weights, Engine("cpu", arguments.threads))
        for look in range(opened.spec.looks):
            title = f"{model} crisp" if look else model
            rows = list(evaluate(opened, clips(portraits), NAMED | WEBCAM, stride=4, crispness=float(look)))
            found[title] = {}
            for group, members in groups.items():
                cell, found[title][group] = group_cells(rows, members)
                cells[group].append(cell)
    header = ["group", "portraits", *(f"{title}: PSNR-Y, SSIM-Y, worst" for title in found)]
    lines = [[group, str(len(groups[group])), *cells[group]] for group in groups]
    print(table(header, lines))
    print(json.dumps({"labels": arguments.labels.name, "looks": found}))


if __name__ == "__main__":
    sys.exit(main())
