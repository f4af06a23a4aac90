import numpy as np
import pytest
from sweep_rows import make_row

from distill.evaluate.significance import bootstrap, compare, summarise


def test_the_mean_is_of_the_clips_not_of_the_frames() -> None:
    found = summarise([make_row([1.0] * 30, "long"), make_row([0.0] * 2, "short")], "named")
    assert found.gain_db == pytest.approx(0.5)
    assert found.clips == 2


def test_the_same_gain_everywhere_leaves_no_doubt() -> None:
    found = summarise([make_row([0.4] * 5, clip) for clip in "abc"], "named")
    assert (found.low_db, found.high_db) == pytest.approx((0.4, 0.4))


def test_frames_of_one_clip_do_not_make_up_for_few_clips() -> None:
    rng = np.random.default_rng(0)
    clips = {name: rng.normal(mean, 0.01, 100) for name, mean in (("a", 0.0), ("b", 1.0))}
    found = bootstrap(clips, rng)
    # two clips: both draws are the same one half of the time
    assert found.low < 0.05
    assert found.high > 0.95


def test_the_interval_of_one_clip_is_that_of_its_mean() -> None:
    rng = np.random.default_rng(0)
    gains = rng.normal(0.3, 0.2, 400)
    found = bootstrap({"a": gains}, rng)
    half = 1.96 * gains.std() / 20  # the normal's, of a mean of 400
    assert found.mean == pytest.approx(gains.mean())
    assert found.high - found.low == pytest.approx(2 * half, rel=0.1)  # of 2,000 draws: a few per cent


def test_the_interval_holds_the_true_mean_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(100):
        clips = {str(k): rng.normal(rng.normal(0.5, 0.3), 0.1, 12) for k in range(20)}
        found = bootstrap(clips, rng, draws=200)
        hits += found.low <= 0.5 <= found.high
    assert 85 <= hits <= 100  # 95 are expected, with a standard deviation of 2.2


def test_a_frames_degradations_are_drawn_together() -> None:
    # they cancel frame by frame: drawn apart, there would be doubt
    rows = [make_row([1, -1, 1, -1], degradation="a"), make_row([-1, 1, -1, 1], degradation="b")]
    found = summarise(rows, "named")
    assert (found.low_db, found.high_db) == (0, 0)


def test_the_worst_clip_and_degradation_are_named() -> None:
    rows = [make_row([0.5], "a", "x"), make_row([-0.1], "b", "y"), make_row([0.2], "b", "x")]
    found = summarise(rows, "named")
    assert (found.worst_clip, found.worst_degradation, found.worst_db) == ("b", "y", pytest.approx(-0.1))


def test_the_worst_twentieth_of_the_frames_is_averaged() -> None:
    rows = [make_row([-1.0, -0.5, *[0.1] * 38], "a")]
    assert summarise(rows, "named").worst_frames_db == pytest.approx(-0.75)
    assert summarise([make_row([0.3, 0.1])], "named").worst_frames_db == pytest.approx(0.1)


def test_the_same_rows_give_the_same_interval() -> None:
    rows = [make_row([0.1, 0.5, 0.3], clip) for clip in "ab"]
    assert summarise(rows, "named") == summarise(rows, "named")


def test_two_contenders_are_compared_frame_by_frame() -> None:
    better = [make_row([0.6, 1.1, 0.4], clip) for clip in "ab"]
    worse = [make_row([0.5, 1.0, 0.3], clip, contender="x") for clip in "ab"]
    found = compare(better, worse)
    assert (found.mean, found.low, found.high) == pytest.approx((0.1, 0.1, 0.1))


def test_contenders_of_other_frames_are_not_compared() -> None:
    with pytest.raises(ValueError, match="different frames"):
        compare([make_row([0.1, 0.2])], [make_row([0.1], contender="x")])
