from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from probe import Probe
from talking_head import Film

from distill.damage.degradation import Degradation, PoorCamera
from distill.evaluate.baselines import Unsharp, filters
from distill.evaluate.clips import Specimen
from distill.evaluate.contenders import Contender
from distill.evaluate.results import Results, read_results
from distill.evaluate.rows import Settings
from distill.evaluate.scores import read_scores
from distill.evaluate.sweep import RESULTS_FILE, ROWS_FILE, sweep
from vcam.errors import ConfigError
from vcam.frame import Frame, Size
from vcam.link import LinkProfile

SIZE: Size = (96, 64)
SETS = {
    "scaled": {"x2": Degradation(None, 2, LinkProfile(crf=30))},
    "webcam": {"poor": Degradation(PoorCamera())},
}
QUICK = Settings(first=2, vmaf=False)
BICUBIC = filters()[0]


@pytest.fixture
def specimens(film: Film) -> list[Specimen]:
    frames = film(8, SIZE)
    return [
        Specimen(name, content, name, 2, lambda: frames) for name, content in (("a", "calls"), ("b", "text"))
    ]


def run(out: Path, specimens: Sequence[Specimen], *others: Contender, settings: Settings = QUICK) -> Results:
    return sweep([BICUBIC, *others], specimens, SETS, settings, out, threads=1)


def test_every_contender_is_scored_on_every_clip_and_degradation(
    tmp_path: Path, specimens: list[Specimen]
) -> None:
    results = run(tmp_path, specimens, Unsharp(0.3, 1.0))
    assert [(row.contender, row.clip, row.degradation) for row in results.rows] == [
        (contender, clip, label)
        for clip in "ab"
        for label in ("x2", "poor")
        for contender in ("bicubic", "unsharp 0.3")
    ]
    assert {row.frames for row in results.rows} == {2}
    assert results.settings["sets"] == {"scaled": ["x2"], "webcam": ["poor"]}
    assert results.machine["threads"] == 1


def test_the_input_gains_nothing_and_others_gain_over_it(tmp_path: Path, specimens: list[Specimen]) -> None:
    rows = run(tmp_path, specimens, Unsharp(0.3, 1.0), Probe()).rows
    inputs = {(row.clip, row.degradation): row for row in rows if row.contender == "bicubic"}
    assert all(row.psnr_y_gain == row.ssim_y_gain == 0 for row in rows if row.contender != "unsharp 0.3")
    for row in rows:
        base = inputs[row.clip, row.degradation]
        assert row.psnr_y == pytest.approx(base.psnr_y + row.psnr_y_gain)
        assert row.flicker_input == base.flicker
        assert sum(row.gains_db) / 2 == pytest.approx(row.psnr_y_gain, abs=1e-4)  # rounded so in the file


def test_what_is_written_is_what_is_returned(tmp_path: Path, specimens: list[Specimen]) -> None:
    results = run(tmp_path, specimens, Probe())
    assert read_results(tmp_path / RESULTS_FILE) == results


def test_a_sum_is_made_of_each_set_and_each_degradation_by_content(
    tmp_path: Path, specimens: list[Specimen]
) -> None:
    summary = run(tmp_path, specimens, Probe()).summary
    assert {(entry.contender, entry.content, entry.group) for entry in summary} == {
        ("probe", content, group)
        for content in ("calls", "text")
        for group in ("scaled", "webcam", "x2", "poor")
    }


def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path: Path, specimens: list[Specimen]) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, specimens, Probe(patience=6))  # four frames a case: in the middle of the second
    assert len(read_scores(tmp_path / ROWS_FILE)) == 3  # two of bicubic, one of the probe
    probe = Probe()
    results = run(tmp_path, specimens, probe)
    assert len(probe.shown) == 12  # the other three cases
    assert len(results.rows) == 8


def test_what_has_not_changed_is_not_run_again(tmp_path: Path, specimens: list[Specimen]) -> None:
    run(tmp_path, specimens, Probe())
    same, changed = Probe(), Probe(name="other", key="probe 2")
    run(tmp_path, specimens, same, changed)
    assert (len(same.shown), len(changed.shown)) == (0, 16)


def test_a_clip_whose_figures_are_known_is_not_even_decoded(
    tmp_path: Path, specimens: list[Specimen]
) -> None:
    run(tmp_path, specimens)

    def refuse() -> list[Frame]:
        raise AssertionError

    closed = [Specimen(each.name, each.content, each.key, each.scored, refuse) for each in specimens]
    assert len(run(tmp_path, closed).rows) == 4


@pytest.mark.parametrize("settings", [Settings(first=3, vmaf=False), Settings(first=2, seed=1, vmaf=False)])
def test_other_settings_are_other_figures(
    tmp_path: Path, specimens: list[Specimen], settings: Settings
) -> None:
    run(tmp_path, specimens, Probe())
    probe = Probe()
    run(tmp_path, specimens, probe, settings=settings)
    assert len(probe.shown) == 16


def test_a_scored_frame_comes_with_its_successor(tmp_path: Path, specimens: list[Specimen]) -> None:
    probe = Probe()
    run(tmp_path, specimens, probe)
    assert probe.shown[:4] == [2, 3, 6, 7]


def test_a_contenders_note_knows_the_scale(tmp_path: Path, specimens: list[Specimen]) -> None:
    rows = run(tmp_path, specimens, Probe()).rows
    assert {(row.degradation, row.note) for row in rows if row.contender == "probe"} == {
        ("x2", "x2"),
        ("poor", "x1"),
    }


def test_vmaf_is_in_the_rows_if_it_is_wanted(tmp_path: Path, specimens: list[Specimen]) -> None:
    rows = run(tmp_path, specimens[:1], Unsharp(0.3, 1.0), settings=Settings(first=2)).rows
    for row in rows:
        assert row.vmaf is not None
        assert row.vmaf_neg is not None
    assert rows[1].vmaf_gain != 0


def test_two_contenders_of_one_name_are_refused(tmp_path: Path, specimens: list[Specimen]) -> None:
    with pytest.raises(ConfigError, match="two contenders are named 'probe'"):
        run(tmp_path, specimens, Probe(), Probe(key="probe 2"))


def test_without_the_input_there_is_no_gain(tmp_path: Path, specimens: list[Specimen]) -> None:
    with pytest.raises(ConfigError, match="no contender 'bicubic'"):
        sweep([Probe()], specimens, SETS, QUICK, tmp_path, threads=1)


def test_two_sweeps_of_different_contenders_share_a_folder(tmp_path: Path, specimens: list[Specimen]) -> None:
    run(tmp_path, specimens, Probe())
    run(tmp_path, specimens, Unsharp(0.3, 1.0))
    probe = Probe()
    results = run(tmp_path, specimens, probe, Unsharp(0.3, 1.0))
    assert len(results.rows) == 12
    assert probe.shown == []


def test_a_slow_contender_is_scored_on_fewer_frames_and_the_input_beside_it(
    tmp_path: Path, specimens: list[Specimen]
) -> None:
    slow = Probe()
    slow.macs_per_pixel = 100_000  # type: ignore[attr-defined]
    specimens = [replace(specimens[0], scored=4)]
    results = run(tmp_path, specimens, slow, settings=replace(QUICK, scored_slow=1))
    frames = {row.contender: row.frames for row in results.rows}
    assert frames == {"bicubic": 4, slow.name: 1}
    (probe, *_) = [row for row in results.rows if row.contender == slow.name]
    assert probe.psnr_y_gain == pytest.approx(0)  # it returns the bicubic picture: compared on its own frame
