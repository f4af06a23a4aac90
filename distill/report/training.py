"""The networks and how they were trained, and whether teachers reached what is wanted of them."""

from collections.abc import Iterable, Mapping

from distill.networks.catalogue import build, count_parameters, macs_per_pixel
from distill.networks.contract import frames_of, planes_of
from distill.recipe import list_recipes, list_teachers, load_recipe
from distill.report.markdown import count, interval, plain, signed, table
from distill.report.records import Record
from distill.report.view import View

# mean PSNR-Y over bicubic, on D1 to D5, that a teacher of ours is to reach
WANTED_DB = {"nafnet": 0.7, "nafnet-window": 1.0}


def networks_table() -> str:
    """Every recipe's network, with what it sees and what it costs, counted on the network itself."""
    return table(
        ["recipe", "network", "sees", "parameters", "MAC/px"],
        (_network_row(name) for name in (*list_recipes(), *list_teachers())),
        left=(0, 1, 2),
    )


def _network_row(name: str) -> list[str]:
    chosen = load_recipe(name).network
    network = build(chosen.name, chosen.options)
    frames, colour = frames_of(network), "RGB" if planes_of(network) == 3 else "luma"
    options = ", ".join(f"{key} {value}" for key, value in chosen.options.items())
    return [
        name,
        f"{chosen.name} ({options})" if options else chosen.name,
        colour if frames == 1 else f"{colour}, {frames} frames",
        count(count_parameters(network)),
        count(macs_per_pixel(network)),
    ]


def training_table(records: Iterable[Record]) -> str:
    """How long each network was trained, and what it is worth on its own held-out samples."""
    return table(
        ["recipe", "data", "iterations", "minutes", "last validation, dB", "own PSNR-Y, dB", "own SSIM-Y"],
        (
            [
                record.name,
                record.data,
                count(record.iterations),
                plain(record.seconds / 60, 0),
                signed(record.curve[-1][1] if record.curve else None),
                signed(record.own_gain("psnr_y")),
                signed(record.own_gain("ssim_y"), 4),
            ]
            for record in records
        ),
        left=(0, 1),
    )


def wanted_table(view: View, records: Mapping[str, Record]) -> str | None:
    """Teachers of ours against what they are to reach, with their budget; None if none was measured."""
    rows = [
        [
            name,
            signed(wanted, 1),
            interval(found.gain_db, found.low_db, found.high_db),
            "reached" if found.gain_db >= wanted else f"missed by {plain(wanted - found.gain_db)}",
            _budget(records.get(name)),
        ]
        for name, wanted in WANTED_DB.items()
        if (found := view.summary(name, view.main))
    ]
    header = ["teacher", "wanted, dB", "found (95%)", "verdict", "budget"]
    return table(header, rows, left=(0, 3, 4)) if rows else None


def _budget(record: Record | None) -> str:
    return f"{count(record.iterations)} iterations, {record.seconds / 60:.0f} minutes" if record else ""
