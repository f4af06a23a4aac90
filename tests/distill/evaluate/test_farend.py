from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from probe import Probe
from talking_head import Film

from distill.damage.degradation import Degradation, PoorCamera
from distill.evaluate.baselines import filters
from distill.evaluate.calls import Call
from distill.evaluate.clips import Specimen
from distill.evaluate.contenders import Contender
from distill.evaluate.farend import CAMERAS, Arrived, Protocol, judge_calls, read_arrived
from vcam.errors import SourceError
from vcam.frame import Size

SIZE: Size = (160, 96)
QUICK = Protocol(first=4, stride=3, vmaf=False)
FILMED = {"poor": Degradation(PoorCamera(noise=6)), "perfect": Degradation()}
CALLS = [Call("h264", 96, 60), Call("h264", 96, 200), Call("vp8", 64, 60)]
NOTHING = filters()[0]


@pytest.fixture
def specimens(film: Film) -> list[Specimen]:
    frames = film(12, SIZE)
    return [Specimen(name, "calls", name, 0, lambda: frames) for name in ("a", "b")]


def judge(
    looks: Sequence[Contender], specimens: Sequence[Specimen], kept: Path, protocol: Protocol = QUICK
) -> list[Arrived]:
    return list(judge_calls(looks, specimens, FILMED, CALLS, protocol, kept))


def test_each_look_of_each_camera_is_judged_in_each_call(specimens: list[Specimen], tmp_path: Path) -> None:
    found = judge([NOTHING, Probe()], specimens, tmp_path / "call.jsonl")
    assert len(found) == 2 * 2 * 2 * 3
    assert len({(each.clip, each.camera, each.look, each.codec, each.target_kbps) for each in found}) == 24
    assert {each.frames for each in found} == {3}  # 4, 7, 10; 11 has no successor


def test_a_restorer_sees_every_frame_in_order_once_for_all_calls(
    specimens: list[Specimen], tmp_path: Path
) -> None:
    probe = Probe()
    judge([NOTHING, probe], specimens[:1], tmp_path / "call.jsonl")
    assert probe.shown == [*range(12)] * len(FILMED)


def test_more_bits_and_a_better_camera_arrive_better(specimens: list[Specimen], tmp_path: Path) -> None:
    found = judge([NOTHING], specimens[:1], tmp_path / "call.jsonl")
    psnr = {(each.camera, each.codec, each.target_kbps): each.psnr_y for each in found}
    assert psnr["perfect", "h264", 60] < psnr["perfect", "h264", 200]
    assert psnr["poor", "h264", 200] < psnr["perfect", "h264", 200]


def test_the_truth_is_the_scene_before_the_camera_at_the_size_sent(
    specimens: list[Specimen], tmp_path: Path
) -> None:
    dim = {"dim": Degradation(replace(CAMERAS["L"].camera, light=0.5, read_noise=0, shot_gain=0))}
    lavish = [Call("h264", 96, 20_000), Call("h264", 64, 20_000)]
    found = judge_calls([NOTHING], specimens[:1], dim, lavish, QUICK, tmp_path / "call.jsonl")
    # a truth in other light, of another frame or size would be at 25 dB or less
    assert all(each.psnr_y > 30 for each in found)


def test_a_run_that_was_killed_goes_on_where_it_was(specimens: list[Specimen], tmp_path: Path) -> None:
    kept = tmp_path / "call.jsonl"
    with pytest.raises(KeyboardInterrupt):
        judge([NOTHING, Probe(patience=18)], specimens, kept)
    assert len(read_arrived(kept)) == 3 + 3 + 3
    probe = Probe()
    found = judge([NOTHING, probe], specimens, kept)
    assert probe.shown == [*range(12)] * 3
    assert judge([NOTHING, Probe(patience=0)], specimens, kept) == found
    assert len(kept.read_text().splitlines()) == len(found) == len(read_arrived(kept))


def test_another_model_or_protocol_is_judged_again(specimens: list[Specimen], tmp_path: Path) -> None:
    kept = tmp_path / "call.jsonl"
    judge([NOTHING, Probe()], specimens[:1], kept)
    retrained, later = Probe(key="probe 2"), Probe()
    judge([NOTHING, retrained], specimens[:1], kept)
    judge([NOTHING, later], specimens[:1], kept, replace(QUICK, first=5))
    assert retrained.shown
    assert later.shown


def test_vmaf_is_without_enhancement_gain(specimens: list[Specimen], tmp_path: Path) -> None:
    calls = [Call("h264", 96, 20), Call("h264", 96, 2000)]
    protocol = replace(QUICK, vmaf=True)
    low, high = judge_calls(
        [NOTHING], specimens[:1], {"perfect": Degradation()}, calls, protocol, tmp_path / "call.jsonl"
    )
    assert low.vmaf_neg is not None
    assert high.vmaf_neg is not None
    assert 0 <= low.vmaf_neg < high.vmaf_neg <= 100


def test_a_clip_too_short_to_score_is_named(specimens: list[Specimen], tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="12 frames is too short to score from frame 11 on"):
        judge([NOTHING], specimens, tmp_path / "call.jsonl", Protocol(first=11))


def test_a_file_of_something_else_is_named_with_the_remedy(tmp_path: Path) -> None:
    other = tmp_path / "rows.jsonl"
    with pytest.raises(SourceError, match="--set call"):
        read_arrived(other)
    other.write_text('{"key": "a", "psnr": 3}\n')
    with pytest.raises(SourceError, match="is not a file of calls"):
        read_arrived(other)


def test_the_cameras_of_the_documents_are_there() -> None:
    assert set(CAMERAS) == {"W", "L", "N", "perfect"}
