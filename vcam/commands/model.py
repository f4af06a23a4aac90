"""The published models: list them, compare versions, use another one, and undo that.

The last three versions that training has replaced are kept, with the figures they were published for. A
running camera takes another version over between two frames. Each figure was measured on the clips of its
own training; `replaced` is what the version before gained on the same clips.

examples:
  sharpkd model list
  sharpkd model compare fast
  sharpkd model rollback fast
  sharpkd model use fast 4087c6d2
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from vcam.camera.parts import folder_of
from vcam.commands.options import read_config
from vcam.errors import ModelError
from vcam.manifest import ModelSpec, read_manifest
from vcam.model_versions import find_version, roll_back, use_version, version_of, versions_of

ACTIONS = ("list", "use", "rollback", "compare")
FIGURES = {  # key of ModelSpec.measured: what it is
    "psnr_gain": "gain, dB",
    "replaced_psnr_gain": "replaced, dB",
    "worst_psnr_gain": "worst gain, dB",
    "ssim_gain": "SSIM gain",
    "chroma_gain": "colour gain, dB",
    "clean_psnr": "undamaged, dB",
    "crisp_psnr_gain": "crisp gain, dB",
    "replaced_crisp_psnr_gain": "crisp replaced, dB",
    "crisp_worst_psnr_gain": "crisp worst, dB",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument(
        "model", nargs="?", metavar="MODEL", help="fast, best or wide; default: all, or the first"
    )
    parser.add_argument("versions", nargs="*", default=[], metavar="VERSION", help="as `list` shows them")
    parser.add_argument("--weights", metavar="DIR", help="folder of manifest.json; default: the shipped one")


def run(args: argparse.Namespace) -> int:
    folder = folder_of(read_config(args))
    names = [args.model] if args.model else list(read_manifest(folder))
    if args.action == "list":
        print("\n".join(line for name in names for line in _list(folder, name)))
    elif args.action == "compare":
        print("\n".join(_compare(_pair(folder, names[0], args.versions))))
    elif args.action == "use":
        if not args.model or len(args.versions) != 1:
            raise ModelError("expected a model and one version; see: sharpkd model list")
        _say(use_version(folder, args.model, args.versions[0]))
    else:
        _say(roll_back(folder, names[0]))
    return 0


def _say(spec: ModelSpec) -> None:
    print(f"{spec.name} is version {version_of(spec)} now; a running camera takes it over within seconds")


def _list(folder: Path, name: str) -> list[str]:
    """A line a version: its name, whether it is in use, its looks, gains and origin."""
    lines = []
    for number, spec in enumerate(versions_of(folder, name)):
        gains = [spec.measured[key] for key in ("psnr_gain", "crisp_psnr_gain") if key in spec.measured]
        gain = " / ".join(f"{value:+.3f}" for value in gains)
        looks = "faithful and crisp" if spec.looks > 1 else "faithful"
        state = "in use" if number == 0 else "replaced"
        lines.append(f"{name:8} {version_of(spec)}  {state:8}  {looks:18}  {gain} dB  trained on {spec.data}")
    return lines


def _pair(folder: Path, name: str, versions: Sequence[str]) -> list[ModelSpec]:
    """The versions to compare: those named, or the one in use and the one named or replaced last."""
    if len(versions) > 2:
        raise ModelError(f"{len(versions)} versions named; expected at most two")
    named = [find_version(folder, name, version) for version in versions]
    if len(named) == 2:
        return named
    current, *replaced = versions_of(folder, name)
    if not (named or replaced):
        raise ModelError(f"no version of {name} was replaced yet, so that there is none to compare with")
    return [current, *(named or replaced[:1])]


def _compare(pair: Sequence[ModelSpec]) -> list[str]:
    """A table of the figures that both or one of the versions have."""
    lines = [f"{'':20}" + "".join(f"{version_of(spec):>12}" for spec in pair)]
    for key, what in FIGURES.items():
        values = [spec.measured.get(key) for spec in pair]
        if any(value is not None for value in values):
            cells = ["-" if value is None else f"{value:+.3f}" for value in values]
            lines.append(f"{what:20}" + "".join(f"{cell:>12}" for cell in cells))
    lines.append(f"{'trained on':20}" + "".join(f"{spec.data[:11]:>12}" for spec in pair))
    return lines
