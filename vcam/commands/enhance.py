"""Restore videos and pictures: every frame, in order, none left out.

Video is written as .mp4 or .mkv with the sound of the input, pictures as .png, .jpg or .webp. The output
appears under its name when it is whole. Of several files, of a folder or a pattern, OUT is a folder.

examples:
  sharpkd enhance call.mp4 sharp.mp4 --size 1920x1080
  sharpkd enhance face.jpg sharp.png --strength 0.7
  sharpkd enhance holiday/ 'calls/*.mkv' talk.mov restored/
"""

import argparse
import sys
from dataclasses import replace

from tqdm import tqdm

from vcam.api.offline import describe_damage, restore, write_picture, write_video
from vcam.camera.model_choice import NO_LIMIT
from vcam.camera.parts import Chain, load_model, make_link
from vcam.commands.enhance_jobs import Job, count_frames, find_jobs
from vcam.commands.options import add_model_options, named_path, read_config
from vcam.config import LARGEST, Config
from vcam.errors import ConfigError, SourceError, naming
from vcam.frame import Size, parse_size
from vcam.memory import keep_freed_memory
from vcam.public import public_text
from vcam.restore import Model, Restorer
from vcam.restore.fit import FITS, fit_size
from vcam.sinks.disk import make_folder
from vcam.sinks.still import ALPHA_ENDINGS
from vcam.sources.file import FileSource


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "input", type=named_path, metavar="IN", nargs="+", help="a file, a folder or a pattern"
    )
    parser.add_argument("output", type=named_path, metavar="OUT", help="a file; of several, a folder")
    parser.add_argument("--force", action="store_true", help="overwrite OUT")
    add_restore_options(parser)


def add_restore_options(parser: argparse.ArgumentParser) -> None:
    """How files are restored: what `enhance` reads of its arguments."""
    parser.add_argument("--size", metavar="WxH", help="default: twice the input's, at most 1920x1080")
    parser.add_argument("--scale", type=float, metavar="F", help="times the input's size, instead of --size")
    parser.add_argument(
        "--fit",
        choices=FITS,
        default="contain",
        help="where --size has another shape: fit inside it, cover it and cut the rest, or pad with black",
    )
    parser.add_argument("--lossless", action="store_true", help="write FFV1; OUT is a .mkv file")
    parser.add_argument("--link", metavar="L", help="send the input over a simulated link first")
    add_model_options(parser)


def run(args: argparse.Namespace) -> int:
    keep_freed_memory()
    if args.size is not None:  # before any file is read
        fit_size(LARGEST, args.size, args.scale, args.fit)
    jobs = find_jobs(args.input, args.output, lossless=args.lossless, force=args.force)
    if len(jobs) == 1 and jobs[0].target == args.output:
        with Bar(jobs) as bar:
            enhance(jobs[0], args, bar, LoadedModel())
        return 0
    return enhance_all(jobs, args)


def enhance_all(jobs: list[Job], args: argparse.Namespace) -> int:
    """Restore one file after the other; one that cannot be is named, and the others go on.

    A failed output, as on a full disk, ends it: what was finished stays.
    """
    code, model = 0, LoadedModel()
    with Bar(jobs) as bar:
        for job in jobs:
            make_folder(job.target.parent)
            try:
                enhance(job, args, bar, model)
            except (SourceError, ConfigError) as error:
                bar.say(f"sharpkd: {public_text(str(error))}")
                code = code or error.exit_code
    return code


class Bar:
    """One bar for all frames of all files, on a terminal; elsewhere words alone."""

    def __init__(self, jobs: list[Job]) -> None:
        self._jobs = jobs

    def __enter__(self) -> "Bar":
        total = count_frames(self._jobs) if sys.stderr.isatty() else None
        self._bar = tqdm(total=total, unit="frame", file=sys.stderr, disable=None)
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def step(self) -> None:
        self._bar.update()

    def say(self, line: str) -> None:
        self._bar.write(line, file=sys.stderr)


class LoadedModel:
    """The best model there is, loaded for the first file and kept for all others."""

    def __init__(self) -> None:
        self._model: Model | None = None
        self._size: Size | None = None

    def __call__(self, config: Config) -> Model:
        """The model for frames of a size. Raises ModelError."""
        model = self._model
        # an engine beside ONNX Runtime was tried at one size, and is tried again at another
        if model is None or (model.health is not None and config.size != self._size):
            self._model = model = load_model(config, NO_LIMIT)
            self._size = config.size
        return model


def enhance(job: Job, args: argparse.Namespace, bar: Bar, model: LoadedModel) -> None:
    """Restore one file. Raises SourceError, SinkError and what the model and the link raise."""
    keeps_alpha = job.is_still and args.fit == "contain" and job.target.suffix.lower() in ALPHA_ENDINGS
    with FileSource(
        job.source, realtime=False, with_sound=not job.is_still, with_alpha=keeps_alpha
    ) as source:
        with naming(job.source):
            size = fit_size(source.size, args.size, args.scale, args.fit)
        config = replace(read_config(argparse.Namespace(**{**vars(args), "size": None})), size=size)
        stages = [stage for _, stage in make_offline_chain(config, args.link, model(config)).stages()]
        padded = parse_size(args.size) if args.size and args.fit == "pad" else size
        pairs = restore(source, stages, padded, bar.step)
        if job.is_still:
            write_picture(source, pairs, job.target)
        else:
            write_video(source, pairs, job.target, padded, args.lossless)
        for word in describe_damage(source):
            bar.say(f"{job.source}: {word}")


def make_offline_chain(config: Config, link: str | None, model: Model) -> Chain:
    """The stages for a file."""
    restorer = Restorer(model, config.size, config.strength, config.crispness, config.denoise)
    return Chain(make_link(link or "off"), restorer)
