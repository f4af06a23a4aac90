from collections.abc import Sequence
from dataclasses import replace

import pytest

from distill.evaluate.judge import CleanRow, Row
from distill.evaluate.tally import Figures
from distill.publish.gate import (
    check_better,
    check_crisp,
    check_harmless,
    check_kept,
    check_look,
    check_looks,
    find_faults,
)
from distill.publish.judgement import CRISP, FAITHFUL, Judgement
from vcam.errors import ModelError
from vcam.manifest import ModelSpec

NAN = float("nan")
BEFORE = Figures(30.0, 0.8, 40.0, 40.0, 2.0, 3.0, None, None, 31.0, 29.0)


def judged(
    *gains: float, look: str = FAITHFUL, clean: Sequence[float] = (60.0, 48.0), ssim_gain: float = 0.01
) -> Judgement:
    """Clips a, b, ... behind links D1, D2, ..., a gain each; and undamaged clips."""
    rows = [
        Row(f"clip{k}", f"D{k}", 3, BEFORE, replace(BEFORE, psnr_y=30 + gain, ssim_y=0.8 + ssim_gain), 1.0)
        for k, gain in enumerate(gains)
    ]
    return Judgement(look, rows, [CleanRow(f"still{k}", psnr, 7) for k, psnr in enumerate(clean)])


GOOD = judged(0.5, 0.1)


def test_a_look_that_harms_nothing_has_no_fault() -> None:
    assert find_faults(GOOD) == []
    assert find_faults(judged(0.0, 0.4, clean=[45.0])) == []


def test_what_rounds_to_nothing_is_no_loss() -> None:
    assert find_faults(judged(-0.004, 0.4)) == []
    assert len(find_faults(judged(-0.006, 0.4))) == 1


def test_the_crisp_look_may_lose_a_little_where_the_faithful_may_not() -> None:
    assert find_faults(judged(-0.2, 0.4, look=CRISP)) == []
    assert len(find_faults(judged(-0.21, 0.4, look=CRISP))) == 1
    assert len(find_faults(judged(-0.2, 0.4))) == 1


def test_one_clip_behind_one_link_is_enough_for_a_fault_and_is_named_with_a_remedy() -> None:
    (fault,) = find_faults(judged(0.9, -0.26, 0.8))
    expected = "the faithful look gains -0.260 dB on clip1 behind D1, expected at least +0; "
    assert fault.text.startswith(expected)
    assert "careful_mse" in fault.text


def test_one_frame_of_one_undamaged_clip_is_enough_for_a_fault() -> None:
    (fault,) = find_faults(judged(0.5, clean=[60, 44.9, 58]))
    expected = "in the faithful look, undamaged frame 7 of still1 has a PSNR of 44.9 dB after restoration, "
    assert fault.text.startswith(expected + "expected at least 45; train on more")


@pytest.mark.parametrize("found", [judged(NAN), judged(0.5, clean=[NAN]), judged(NAN, look=CRISP)])
def test_what_is_no_number_is_a_fault(found: Judgement) -> None:
    assert len(find_faults(found)) == 1


def test_the_first_good_student_is_published() -> None:
    assert check_better(GOOD, None) == []


def test_a_better_student_takes_the_place_of_a_worse() -> None:
    assert check_better(GOOD, judged(0.4, 0.1)) == []


@pytest.mark.parametrize(
    ("new", "old", "words"),
    [
        (judged(-0.1), None, r"gains -0.100 dB and \+0.0100 SSIM .*train for longer"),
        (judged(0.0), None, "expected more than 0"),
        (judged(0.5, ssim_gain=-0.001), None, "expected more than 0"),
        (judged(NAN), None, "expected more than 0"),
        (GOOD, GOOD, r"\+0.300 dB on the held-out clips, the published one has \+0.300 dB"),
        (GOOD, judged(0.6, 0.1), r"the published one has \+0.350 dB"),
        (judged(0.9, -0.3), None, r"gains -0.300 dB on clip1 behind D1"),
        (judged(0.9, -0.3), judged(0.4, 0.1), r"gains -0.300 dB on clip1 behind D1"),
        (judged(0.9, clean=[44.9]), judged(0.4), r"PSNR of 44.9 dB after restoration, expected at least 45"),
        (judged(0.9, clean=[NAN]), None, "PSNR of nan dB"),
    ],
)
def test_a_worse_student_is_not_published(new: Judgement, old: Judgement | None, words: str) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        check_better(new, old)
    assert str(caught.value).startswith("not published: ")
    assert "\n" not in str(caught.value)


def test_one_that_harms_is_replaced_by_one_that_does_not_though_it_gains_less() -> None:
    assert check_better(judged(0.2, 0.0), judged(0.9, -0.3)) == []
    assert check_better(judged(0.2, 0.0), judged(0.9, 0.3, clean=[40])) == []


def test_one_that_harms_is_replaced_by_one_that_harms_less_and_gains_more() -> None:
    (excused,) = check_better(judged(0.9, -0.1), judged(0.6, -0.3))
    assert "gains -0.100 dB" in excused.text


@pytest.mark.parametrize(
    ("new", "old"),
    [
        (judged(0.9, -0.3), judged(0.6, -0.3)),  # harms as much
        (judged(0.9, -0.1), judged(0.6, 0.3, clean=[40])),  # harms in another respect
        (judged(0.9, -0.1, clean=[39]), judged(0.6, -0.3, clean=[40])),  # less in one, more in another
        (judged(0.6, -0.1), judged(0.9, -0.3)),  # harms less, gains less
    ],
)
def test_what_harms_is_not_excused_otherwise(new: Judgement, old: Judgement) -> None:
    with pytest.raises(ModelError, match="not published"):
        check_better(new, old)


def test_a_rounding_of_the_grid_that_looks_share_is_no_new_harm() -> None:
    assert len(check_harmless(judged(-0.31), judged(-0.30), slack_db=0.02)) == 1
    with pytest.raises(ModelError, match="not published"):
        check_harmless(judged(-0.33), judged(-0.30), slack_db=0.02)


SHARP = judged(0.3, -0.2, look=CRISP)


def test_a_look_that_harms_nothing_joins_its_model() -> None:
    assert check_look(judged(0.49, 0.1), SHARP, GOOD, None) == []
    assert check_look(judged(0.49, 0.1), judged(0.0, look=CRISP, clean=[45]), GOOD, None) == []


@pytest.mark.parametrize(
    ("faithful", "crisp", "words"),
    [
        (judged(0.44, 0.1), SHARP, r"faithful one gains 0\.030 dB less"),
        (judged(NAN), SHARP, "faithful one gains nan dB less"),
        (GOOD, judged(-0.01, look=CRISP), r"crisp look gains -0\.010 dB over its input"),
        (GOOD, judged(0.9, -0.3, look=CRISP), r"the crisp look gains -0\.300 dB on clip1.*crisp_mse"),
        (GOOD, judged(0.9, look=CRISP, clean=[44.9]), r"in the crisp look, undamaged frame 7 of still0"),
        (judged(0.9, -0.1), SHARP, r"the faithful look gains -0\.100 dB on clip1"),
        (judged(0.5, 0.1, clean=[44]), SHARP, r"in the faithful look, undamaged frame 7"),
    ],
)
def test_a_look_that_makes_a_model_worse_is_refused(
    faithful: Judgement, crisp: Judgement, words: str
) -> None:
    with pytest.raises(ModelError, match=words):
        check_look(faithful, crisp, GOOD, None)


def test_a_crisp_look_that_harms_less_than_the_published_one_replaces_it() -> None:
    harmful, less = judged(1.9, -1.1, look=CRISP), judged(1.8, -0.4, look=CRISP)
    (excused,) = check_look(GOOD, less, GOOD, harmful)
    assert "gains -0.400 dB" in excused.text
    with pytest.raises(ModelError, match=r"gains -1\.100 dB"):
        check_look(GOOD, harmful, GOOD, less)


def test_a_crisp_look_that_loses_to_the_published_one_is_refused_with_both_figures() -> None:
    old = judged(0.5, 0.4, look=CRISP)
    assert check_crisp(judged(0.4, 0.4, look=CRISP), old) == []
    with pytest.raises(ModelError, match=r"crisp look gains \+0\.100 dB .* published one \+0\.450 dB"):
        check_crisp(judged(0.1, 0.1, look=CRISP), old)


def test_a_student_that_forgets_the_bundled_clip_is_refused() -> None:
    old = [judged(0.5), judged(0.4, look=CRISP)]
    check_kept([judged(0.49), judged(0.39, look=CRISP)], old)
    with pytest.raises(ModelError, match=r"on the bundled clip the faithful look gains \+0\.450 dB"):
        check_kept([judged(0.45), judged(0.4, look=CRISP)], old)
    with pytest.raises(ModelError, match=r"on the bundled clip the crisp look gains \+0\.050 dB"):
        check_kept([judged(0.9), judged(0.05, look=CRISP)], old)


def test_a_student_without_the_published_models_crisp_look_is_refused() -> None:
    old = ModelSpec("fast", 4, 1.0, {}, experts=2, looks=2)
    check_looks("fast", 2, old)
    check_looks("fast", 1, None)
    with pytest.raises(
        ModelError, match='has no crisp look, the published fast has one; set look = "fast-crisp"'
    ):
        check_looks("fast", 1, old)
