from collections.abc import Iterator

import pytest

from distill.evaluate.bdrate import BitsDelta
from distill.evaluate.farend import NOTHING, Arrived
from distill.report.farend import all_tables, bits_in_words, bits_table, gain_table, summary

RATES = (500, 700, 1000, 1200)


def arrivals(look: str, clip: str, share: float, gain: float, camera: str = "L") -> Iterator[Arrived]:
    """A curve of 3 dB a doubling, at a share of the bits and better by so many dB at equal targets."""
    for step, target in enumerate(RATES):
        quality = (30 + 2 * step + gain, 0.9, 50 + 5 * step + gain)
        yield Arrived(clip, camera, look, "h264", 720, target, target * share, *quality, 7)


@pytest.fixture
def found() -> list[Arrived]:
    return [
        *arrivals("fast", "a", 0.8, 0.0),
        *arrivals(NOTHING, "a", 1.0, 0.0),
        *arrivals("fast", "b", 0.6, 2.0),
        *arrivals(NOTHING, "b", 1.0, 0.0),
    ]


def cells(text: str, row: int) -> list[str]:
    return [cell.strip() for cell in text.splitlines()[row + 2].strip("|").split("|")]


def test_the_gains_are_means_over_clips_with_the_change_of_the_bits(found: list[Arrived]) -> None:
    text = gain_table(found)
    assert cells(text, -2) == ["camera", "look", "x264 zerolatency 1000k 720p", "x264 zerolatency 500k 720p"]
    assert cells(text, 0) == ["L", "*nothing*", "34.00 / 60.0", "30.00 / 50.0"]
    assert cells(text, 1) == ["L", "fast", "+1.00 / +1.0 (−30%)", "+1.00 / +1.0 (−30%)"]


def test_the_bits_are_those_for_equal_quality(found: list[Arrived]) -> None:
    only_a = [each for each in found if each.clip == "a"]
    text = bits_table(only_a, "psnr_y")
    assert cells(text, -2) == ["camera", "look", "x264 zerolatency 720p"]
    assert cells(text, 0)[:2] == ["L", "fast"]
    assert cells(text, 0)[2].startswith("−20% / +")
    assert len(text.splitlines()) == 3  # the untouched picture has no row


def test_a_clip_that_was_not_sent_untouched_counts_nowhere(found: list[Arrived]) -> None:
    without = [each for each in found if (each.clip, each.look) != ("b", NOTHING)]
    assert cells(gain_table(without), 1)[2] == "0.00 / 0.0 (−20%)"
    assert cells(bits_table(without, "psnr_y"), 0)[2].startswith("−20% / ")


@pytest.mark.parametrize(
    ("deltas", "words"),
    [
        ([BitsDelta(-0.4), BitsDelta(-0.2)], "−30%"),
        ([BitsDelta(-0.4), BitsDelta(None, -0.8)], "−40% (1 of 2)"),
        ([BitsDelta(None, -0.9), BitsDelta(None, -0.6)], "under −60%"),
        ([BitsDelta(None, 0.9), BitsDelta(None, 0.6)], "over +60%"),
        ([BitsDelta(None, 0.9), BitsDelta(None, -0.6)], "no overlap"),
    ],
)
def test_curves_that_do_not_overlap_are_said_to(deltas: list[BitsDelta], words: str) -> None:
    assert bits_in_words(deltas) == words


def test_figures_that_were_left_out_have_no_table(found: list[Arrived]) -> None:
    bare = [Arrived(**{**vars(each), "vmaf_neg": None}) for each in found]
    assert len(list(all_tables(found))) == 3
    assert [title for title, _ in all_tables(bare)][1:] == ["bits for equal PSNR-Y / PSNR-Y for equal bits"]
    assert cells(gain_table(bare), 1)[2] == "+1.00 / – (−30%)"


def test_the_summary_has_the_gains_as_values(found: list[Arrived]) -> None:
    assert summary(found) == {
        "L fast x264 zerolatency 1000k 720p": 1.0,
        "L fast x264 zerolatency 500k 720p": 1.0,
    }
