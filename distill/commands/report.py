"""Write docs/results.md, its plots and crops from the results of `sweep`, `run` and `ablate`."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from distill.evaluate.baselines import filters, shipped
from distill.evaluate.contenders import Contender
from distill.evaluate.degradations import NAMED, WEBCAM
from distill.evaluate.farend import CALLS_FILE, read_arrived
from distill.evaluate.recipe_network import recipe_networks
from distill.evaluate.results import read_results, read_speeds
from distill.publish.weights_folder import published
from distill.report.ablation import read_ablation
from distill.report.costs import costs_of
from distill.report.crops import SAMPLE, SAMPLE_CREDIT, all_crops, choose_places
from distill.report.markdown import span
from distill.report.page import Page, make_page, replace_sections, write_page
from distill.report.records import read_records
from distill.report.sections import Evidence
from distill.report.served import read_served
from distill.report.taught import FOLDER, read_taught
from distill.report.view import GROUPS, INPUT, View, make_view
from distill.studies.peers.upscalers import peer_graphs, peers

SHOWN = ("D2 x2 crf30", "D5 x4 crf28", "W poor webcam")
MOST_SHIPPED = 2  # columns of the crops


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--results", type=Path, default=Path("build/results/sweep.json"))
    parser.add_argument(
        "--recipes", type=Path, help="folder of records and networks; default: WEIGHTS/recipes"
    )
    parser.add_argument(
        "--webcam", type=Path, help="results of `webcam`; default: webcam.json beside the sweep's"
    )
    parser.add_argument(
        "--served", type=Path, help="the last line of `python -m bench.serve load`; default: serve.json there"
    )
    parser.add_argument("--calls", type=Path, default=CALLS_FILE, help="results of `evaluate --set call`")
    parser.add_argument("--ablation", type=Path, help="default: BUILD/ablation.json")
    parser.add_argument(
        "--taught", type=Path, help="folder of ablations with and without teachers; default: BUILD/taught"
    )
    parser.add_argument(
        "--peers", type=Path, help="folder of third-party networks, for their costs and crops"
    )
    parser.add_argument("--clips", type=Path, nargs="+", help="clips to show crops of; check their licence")
    parser.add_argument("--no-crops", action="store_true")
    parser.add_argument(
        "--sections", nargs="+", metavar="TITLE", help="replace these of the page alone, such as Training"
    )
    parser.add_argument("--out", type=Path, default=Path("docs/results.md"))


def run(args: argparse.Namespace) -> None:
    recipes = args.recipes or args.weights / "recipes"
    results = read_results(args.results)
    records = read_records(recipes)
    if webcam := named_or_found(args.webcam, args.results.with_name("webcam.json")):
        results = replace(results, speed=[*results.speed, *read_speeds(webcam)])
    served = named_or_found(args.served, args.results.with_name("serve.json"))
    view = make_view(results, records, read_served(served) if served else None)
    graphs = peer_graphs(args.peers) if args.peers else {}
    evidence = Evidence(
        view=view,
        records=records,
        costs=costs_of(published(args.weights), args.weights, records, graphs),
        ablation=read_ablation(args.ablation or args.build / "ablation.json"),
        measured=date.fromtimestamp(args.results.stat().st_mtime),
        calls=read_arrived(args.calls) if args.calls.exists() else [],
        crops={} if args.no_crops else make_crops(view, recipes, args),
        crops_credit="" if args.clips else SAMPLE_CREDIT,
        taught=read_taught(args.taught or args.build / FOLDER),
    )
    page = make_page(evidence)
    if args.sections:
        page = redo(page, evidence, args)
    write_page(page, args.out)
    print(f"{args.out}: {len(page.text.splitlines())} lines, {len(page.pictures)} pictures")


def named_or_found(named: Path | None, usual: Path) -> Path | None:
    """The file that was named, else the usual one if it is there."""
    return named or (usual if usual.exists() else None)


def redo(page: Page, evidence: Evidence, args: argparse.Namespace) -> Page:
    """The page as it is, with some sections of a newer one, and a note that says so."""
    machine = evidence.view.results.machine
    clips = evidence.view.clips
    scored = span(row.frames for row in evidence.view.results.rows)
    threads = "1 thread" if machine["threads"] == 1 else f"{machine['threads']} threads"
    told = (
        f"of {evidence.measured.isoformat()}, commit {machine['commit']}, on {machine['cpu']}, "
        f"{machine['cores']} cores, {threads}: {scored} frames of "
        f"each of {len(clips)} clips ({', '.join(clips)})."
    )
    return replace_sections(args.out.read_text(encoding="utf-8"), page, args.sections, told)


def make_crops(view: View, recipes: Path, args: argparse.Namespace) -> dict[str, bytes]:
    """PNG files of crops of the bundled clip, or of the given clips."""
    opened = filters() + shipped(args.weights, args.threads) + recipe_networks(recipes, args.threads)
    if args.peers:
        opened += peers(args.peers, args.threads)
    chosen = choose(view, {contender.name: contender for contender in opened})
    shots = [choose_places(clip) for clip in args.clips] if args.clips else [SAMPLE]
    degradations = {label: each for label, each in (NAMED | WEBCAM).items() if label in SHOWN}
    return dict(all_crops(shots, degradations, chosen))


def choose(view: View, opened: Mapping[str, Contender]) -> dict[str, Contender]:
    """The input, the best peer, the shipped students and the best teacher, by displayed name."""

    def best(group: str, count: int) -> Sequence[str]:
        return [each.name for each in view.of_group(group) if each.name in opened][:count]

    names = [*best(GROUPS[4], 1), *reversed(best(GROUPS[0], MOST_SHIPPED)), *best(GROUPS[2], 1)]
    return {"input": opened[INPUT]} | {name: opened[name] for name in names}
