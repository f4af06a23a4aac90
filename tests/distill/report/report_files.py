"""A sweep, a record and an ablation small enough to know every number of."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from distill.evaluate.results import Results, Speed, SweepRow, write_results
from distill.evaluate.significance import summarise

D2, D5, W, CLEAN = "D2 x2 crf30", "D5 x4 crf28", "W poor webcam", "clean"
SETS = {"named": [D2, D5], "webcam": [W], "clean": [CLEAN]}
GAINS_DB = {  # by contender: kind, gain under D2, D5 and W
    "bicubic": ("filter", 0.0, 0.0, 0.0),
    "unsharp 0.3": ("filter", -0.2, -0.1, -0.4),
    "best": ("shipped", 0.5, 0.7, 1.4),
    "fast": ("shipped", 0.3, 0.5, 0.9),
    "tiny": ("recipe", -0.6, -0.4, -2.0),
    "nafnet": ("teacher", 0.8, 1.0, 2.0),
    "FSRCNN": ("peer", 0.2, 0.2, 0.0),
}
MS = {"bicubic": 1.0, "unsharp 0.3": 2.0, "best": 20.0, "fast": 6.0, "tiny": 30.0, "FSRCNN": 60.0}
MACHINE = {
    "cpu": "a test's CPU",
    "cores": 2,
    "threads": 1,
    "system": "Linux",
    "commit": "c0ffee",
    "versions": {"python": "3.11"},
}
INPUT_SCORES = {"psnr_y": 30.0, "ssim_y": 0.90, "psnr_rgb": 29.0, "ssim_rgb": 0.88, "mse": 0.0012}
OUTPUT_SCORES = {"psnr_y": 31.0, "ssim_y": 0.92, "psnr_rgb": 30.0, "ssim_rgb": 0.895, "mse": 0.001}
TEACHER_SCORES = {"psnr_y": 32.0, "ssim_y": 0.95, "psnr_rgb": 31.0, "ssim_rgb": 0.94, "mse": 0.0008}
NEAR_TEACHER = {"psnr_y": 35.0, "ssim_y": 0.97, "psnr_rgb": 34.0, "ssim_rgb": 0.96, "mse": 0.0003}


def make_row(contender: str, clip: str, degradation: str, content: str = "calls") -> SweepRow:
    kind, *gains = GAINS_DB[contender]
    gain = dict(zip((D2, D5, W), gains, strict=True)).get(degradation, -9.0 if gains[0] else 0.0)
    before = 60.0 if degradation == CLEAN else 30.0
    return SweepRow(
        contender=contender,
        kind=kind,
        clip=clip,
        content=content,
        degradation=degradation,
        frames=2,
        psnr_y=before + gain,
        psnr_y_gain=gain,
        ssim_y=0.90 + gain / 100,
        ssim_y_gain=gain / 100,
        ssim_rgb=0.88 + gain / 100,
        ssim_rgb_gain=gain / 100,
        ms_ssim=0.95,
        ms_ssim_gain=gain / 200,
        mse=46.0,
        vmaf=70 + gain,
        vmaf_gain=gain,
        vmaf_neg=None,
        vmaf_neg_gain=None,
        flicker=1.8,
        flicker_input=2.0,
        psnr_u_gain=gain / 10,
        psnr_v_gain=0.0,
        ciede2000=2.0 - gain / 5,
        ciede2000_gain=-gain / 5,
        gains_db=[gain - 0.1, gain + 0.1],
    )


def _choose(rows: Sequence[SweepRow], contender: str, content: str, labels: Sequence[str]) -> list[SweepRow]:
    wanted = (contender, content)
    return [row for row in rows if (row.contender, row.content) == wanted and row.degradation in labels]


def make_results() -> Results:
    places = [("anna", "calls"), ("bert", "calls"), ("page", "text")]
    rows = [
        make_row(contender, clip, degradation, content)
        for contender in GAINS_DB
        for clip, content in places
        for degradations in SETS.values()
        for degradation in degradations
    ]
    groups = SETS | {label: [label] for labels in SETS.values() for label in labels}
    summary = [
        summarise(chosen, group)
        for contender in GAINS_DB
        for content in ("calls", "text")
        for group, labels in groups.items()
        if (chosen := _choose(rows, contender, content, labels)) and contender != "bicubic"
    ]
    speed = [
        Speed(name, size, 1, ms * factor, 1000 / (ms * factor), None, 9)
        for name, ms in MS.items()
        for size, factor in (("1280x720", 1.0), ("1920x1080", 2.25))
    ]
    speed.append(Speed("nafnet", "1280x720", 1, None, None, None, 0, "too slow: not run"))
    contenders = [
        {"name": name, "kind": kind, "title": name, "key": ""} for name, (kind, *_) in GAINS_DB.items()
    ]
    settings = {"first": 10, "seed": 0, "vmaf": True, "sets": SETS}
    return Results(settings, MACHINE, contenders, rows, summary, speed)


def write_sweep(path: Path, **changed: Any) -> Path:
    write_results(replace(make_results(), **changed), path)
    return path


def record_json(
    name: str = "tiny", claims: Sequence[Mapping[str, str]] = (), **changed: Any
) -> dict[str, Any]:
    """A record as distill.publish.reproduction writes it."""
    own = {"pictures": 10, "side": 32, "input": INPUT_SCORES, "output": OUTPUT_SCORES}
    own |= {"teacher": TEACHER_SCORES, "against_teacher": NEAR_TEACHER}
    record = {
        "name": name,
        "title": "a system of two convolutions",
        "kind": "student",
        "parameters": 499,
        "macs_per_pixel": 480.0,
        "data": "cifar10, 10 held-out samples",
        "losses": {"mse": 1.0},
        "distillation": {"output_mse": 0.5},
        "iterations": 2000,
        "seconds": 90,
        "commit": "c0ffee",
        "sha256": "0" * 64,
        "onnx": None,
        "claims": [dict(claim) for claim in claims],
        "own": own,
        "curve": [[500, 0.2], [1000, 0.6], [1500, 0.9], [2000, 1.0]],
    }
    return record | changed


def write_record(folder: Path, **changed: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    record = record_json(**changed)
    path = folder / f"{record['name']}.json"
    path.write_text(json.dumps(record))
    return path


def ablation_json() -> dict[str, Any]:
    """Two seeds of a base, one change that helps surely, and one that is lost in the noise."""
    gains = {"base": (0.20, 0.24), "+ good": (0.30, 0.33), "+ noise": (0.25, 0.20)}
    rows = [
        {
            "variant": variant,
            "seed": seed,
            "iterations": 100,
            "gain_db": gain,
            "clean_db": 50.0,
            "seconds": 1.0,
        }
        for variant, each in gains.items()
        for seed, gain in enumerate(each)
    ]
    return {"settings": {"recipe": "sharpkd", "iterations": 100}, "rows": rows}


def taught_json() -> dict[str, Any]:
    """The base and the change that helps, as a recipe without and with its teacher."""
    content = ablation_json()
    names = {"base": "the recipe without its teachers", "+ good": "the recipe with its teachers"}
    rows = [{**row, "variant": names[row["variant"]]} for row in content["rows"] if row["variant"] in names]
    return {"settings": {"recipe": "tiny", "teachers": ["tiny-teacher"]}, "rows": rows}
