"""Ask people which of two systems looks better, as ITU-T P.910 describes, and tell what they said.

`prepare` makes a study's clips, `serve` shows them to people in a browser, `report` prints the scores with
their intervals, `export` writes tables. `live` tells how the live picture was judged in the panel.
Systems: input, a model (fast, best, wide), crisp, a network of weights/recipes, a video file or a folder of
them.

examples:
  sharpkd mos prepare study
  sharpkd mos prepare study --clip a.mp4 --clip b.mp4 --link off --a fast --b best
  sharpkd mos serve study
  sharpkd mos report study --plot study.svg
"""

import argparse
import json
import socket
import threading
from collections.abc import Sequence
from pathlib import Path

from vcam.camera.parts import OFF, make_link
from vcam.commands.options import read_config
from vcam.control.server import ControlServer, Listener
from vcam.errors import ConfigError, SinkError
from vcam.frame import parse_size
from vcam.live_opinions import LiveOpinions, describe_opinions
from vcam.opinion.export import export
from vcam.opinion.plot import plot
from vcam.opinion.prepare import Scene, Wish, prepare
from vcam.opinion.report import Report, make_report, report_json, report_lines
from vcam.opinion.server import ClipProtocol, listen, make_app
from vcam.opinion.session import Sessions
from vcam.opinion.store import Store
from vcam.opinion.study import LAYOUTS, RESULTS, Study, read_study
from vcam.opinion.systems import find_system, is_theirs
from vcam.partial import make_partial
from vcam.paths import user_paths
from vcam.sources import SAMPLE_PATH

ACTIONS = ("prepare", "serve", "report", "export", "live")
SAMPLE_LINKS = ("360p", "270p", "180p")
LOOPBACK, EVERYWHERE = "127.0.0.1", ("0.0.0.0", "::")
LONGEST_S = 20.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument("study", nargs="?", type=Path, metavar="STUDY", help="the study's folder")
    parser.add_argument("--json", action="store_true", help="report, live: print one JSON object")
    making = parser.add_argument_group("prepare")
    making.add_argument(
        "--clip", type=Path, metavar="FILE", action="append", help="default: the bundled clip"
    )
    making.add_argument(
        "--link", metavar="L", action="append",
        help="simulated, for clips to go over first; default: off, but of the bundled clip "
        + ", ".join(SAMPLE_LINKS),
    )  # fmt: skip
    making.add_argument("--a", metavar="SYSTEM", default="input", help="default: input")
    making.add_argument(
        "--b", metavar="SYSTEM", default="best", help="what is compared with it; default: best"
    )
    making.add_argument(
        "--title", metavar="TEXT", default="Which picture is better?", help="of the study's page"
    )
    making.add_argument(
        "--size",
        metavar="WxH",
        default="1280x720",
        help="that pictures are scaled to fit into; default: 1280x720",
    )
    making.add_argument("--seconds", type=float, metavar="S", default=8.0, help="of each clip; default: 8")
    making.add_argument(
        "--layout", choices=LAYOUTS, default="sequential", help="default: sequential, as in P.910"
    )
    making.add_argument(
        "--lossless", action="store_true", help="clips without any loss, several times as large"
    )
    making.add_argument("--provider", metavar="P", help="of the models: auto, cpu, cuda or tensorrt")
    making.add_argument("--threads", metavar="N", help="of the models on the CPU")
    making.add_argument("--weights", metavar="DIR", help="folder of manifest.json; default: the shipped one")
    serving = parser.add_argument_group("serve")
    serving.add_argument("--port", type=int, metavar="N", default=0, help="default: any free one")
    serving.add_argument(
        "--listen", metavar="ADDRESS", default=LOOPBACK, help=f"default: {LOOPBACK}, this machine"
    )
    telling = parser.add_argument_group("report, export, live")
    telling.add_argument("--no-screening", action="store_true", help="leave nobody's votes out")
    telling.add_argument("--plot", type=Path, metavar="FILE", help="draw the scores into an .svg file")
    telling.add_argument("--out", type=Path, metavar="DIR", help="where export writes; default: STUDY/export")
    telling.add_argument(
        "--delete", action="store_true", help="live: forget all judgements of the live picture"
    )


def run(args: argparse.Namespace) -> int:
    if args.action == "live":
        return _live(args)
    if args.study is None:
        raise ConfigError(f"expected a study's folder: sharpkd mos {args.action} STUDY")
    return {"prepare": _prepare, "serve": _serve, "report": _report, "export": _export}[args.action](args)


def _prepare(args: argparse.Namespace) -> int:
    config = read_config(argparse.Namespace(**{**vars(args), "link": None, "size": None}))
    try:
        box = parse_size(args.size)
    except ValueError as error:
        raise ConfigError(f"--size: {error}") from None
    if not 0 < args.seconds <= LONGEST_S:
        raise ConfigError(f"--seconds: {args.seconds:g} is outside 0..{LONGEST_S:g}")
    if args.a == args.b:
        raise ConfigError(f"--a and --b are both {args.a!r}: name two systems")
    a, b = ((Path(name).name, find_system(name, config)) for name in (args.a, args.b))
    scenes = _scenes(args.clip, args.link)
    for name in (args.a, args.b):
        if is_theirs(name, config):
            _check_theirs(Path(name), scenes)
    wish = Wish(args.title, scenes, a, b, args.layout, box, args.seconds, args.lossless)
    study = prepare(args.study, wish, print)
    pairs = f"{len(scenes)} pair" + "s" * (len(scenes) > 1)
    quality = "without loss" if study.worst_db is None else f"at {study.worst_db:.1f} dB or more"
    print(f"{args.study}: {pairs}, {study.a} and {study.b}, encoded {quality}")
    print(f"for people to rate them: sharpkd mos serve {args.study}")
    return 0


def _check_theirs(place: Path, scenes: Sequence[Scene]) -> None:
    """Files that another program made of the clips cannot have come over our link. Raises ConfigError."""
    if any(scene.link != OFF for scene in scenes):
        raise ConfigError(f"{place} was made of the clips as they are, expected no link: add --link off")
    if place.is_file() and len(scenes) > 1:
        raise ConfigError(f"{place} is one file for {len(scenes)} clips; give a folder with a file for each")


def _scenes(clips: Sequence[Path] | None, links: Sequence[str] | None) -> list[Scene]:
    """Each clip over each link. Raises ConfigError or LinkError."""
    wanted = list(links or ([OFF] if clips else SAMPLE_LINKS))
    for link in wanted:
        make_link(link)
    missing = next((clip for clip in clips or () if not clip.is_file()), None)
    if missing is not None:
        raise ConfigError(f"--clip: no file {missing}; expected a video")
    return [Scene(clip, link) for clip in clips or [SAMPLE_PATH] for link in wanted]


def _serve(args: argparse.Namespace) -> int:
    study = read_study(args.study)
    Store(args.study / RESULTS).people()  # an error before anybody comes
    listening = listen(args.listen, args.port)
    host = socket.gethostname() if args.listen in EVERYWHERE else args.listen
    host = f"[{host}]" if ":" in host else host
    print(f"http://{host}:{listening.getsockname()[1]}/#key={study.key}", flush=True)
    print("people open this address; end with Ctrl-C, and go on whenever you like", flush=True)
    app = make_app(Sessions(args.study, study))
    with ControlServer([Listener(listening, app, ClipProtocol)]):
        threading.Event().wait()  # for a signal
    return 0


def _report(args: argparse.Namespace) -> int:
    study, report = _read(args)
    print(
        json.dumps(report_json(study, report))
        if args.json
        else "\n".join(report_lines(study, report, str(args.study)))
    )
    if args.plot is not None:
        if args.plot.suffix.lower() != ".svg":
            raise SinkError(f"cannot draw {args.plot}: ending {args.plot.suffix!r}; use .svg")
        if report.cmos is None:
            raise ConfigError("there are no scores to draw yet")
        _write(args.plot, plot(study, report))
    return 0


def _read(args: argparse.Namespace) -> tuple[Study, Report]:
    study = read_study(args.study)
    store = _store_of(args.study)
    votes, people = (store.votes(), store.people()) if store else ([], {})
    return study, make_report(study, votes, people, not args.no_screening)


def _store_of(folder: Path) -> Store | None:
    """The results; None before the first person, so that a report makes no file."""
    path = folder / RESULTS
    return Store(path) if path.exists() else None


def _export(args: argparse.Namespace) -> int:
    study, report = _read(args)
    store = _store_of(args.study)
    if store is None or not report.asked:
        raise ConfigError(f"nobody has been asked yet: run: sharpkd mos serve {args.study}")
    folder = args.out or args.study / "export"
    for path in export(folder, study, store.votes(), report.left_out, store.people()):
        print(path)
    return 0


def _live(args: argparse.Namespace) -> int:
    opinions = LiveOpinions(user_paths().opinions)
    if args.delete:
        opinions.delete()
    found = opinions.read()
    print(json.dumps({"opinions": found}) if args.json else "\n".join(describe_opinions(found)))
    return 0


def _write(path: Path, text: str) -> None:
    try:
        partial = make_partial(path)
        partial.write_text(text)
        partial.replace(path)
    except OSError as error:
        raise SinkError(f"cannot write {path}: {error.strerror}") from None
