from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np
import pytest
from talking_head import PERIOD_NS, Film

from vcam.errors import LinkError
from vcam.frame import Frame, Size
from vcam.link import CODEC_NAMES, Link, LinkProfile

SIZE: Size = (320, 192)
STEADY = LinkProfile(width=320, height=192, kbps=300)


class Dice:
    """A generator whose n-th throw loses the frame if n is in `lost`; the link throws once a sent frame."""

    def __init__(self, *lost: int) -> None:
        self.lost = lost
        self.count = -1

    def random(self) -> float:
        self.count += 1
        return 0.0 if self.count in self.lost else 1.0


def lossy(*lost: int, rtt_ms: float = 90) -> Link:
    """A link that loses these frames of the ones it sends."""
    return Link(replace(STEADY, loss=0.5, rtt_ms=rtt_ms), cast(np.random.Generator, Dice(*lost)))


def plain(profile: LinkProfile = STEADY) -> Link:
    return Link(profile, np.random.default_rng(0))


def repeats(frames: Sequence[Frame]) -> list[int]:
    """Which of the frames show the same picture as the one before."""
    return [k for k in range(1, len(frames)) if frames[k].y is frames[k - 1].y]


def cuts(frames: Sequence[Frame]) -> list[int]:
    return [k for k, frame in enumerate(frames) if frame.is_cut]


def test_index_and_time_come_through(film: Film) -> None:
    link = plain()
    for frame in film(10, SIZE):
        seen = link(frame)
        assert (seen.index, seen.captured_ns, seen.is_cut) == (frame.index, frame.captured_ns, False)


@pytest.mark.parametrize(
    ("size", "seen"), [((640, 360), (320, 180)), ((640, 480), (256, 192)), ((160, 96), (160, 96))]
)
def test_the_picture_fits_the_box_and_keeps_its_shape(film: Film, size: Size, seen: Size) -> None:
    assert plain()(film(1, size)[0]).size == seen


@pytest.mark.parametrize("codec", CODEC_NAMES)
def test_the_same_seed_gives_the_same_pictures(codec: str, film: Film) -> None:
    def run(seed: int) -> tuple[int, list[bytes]]:
        link = Link(replace(STEADY, codec=codec, loss=0.05), np.random.default_rng(seed))
        seen = [link(frame).y.tobytes() for frame in film(60, SIZE)]
        return link.stats.sent_bytes, seen

    assert run(3) == run(3)
    assert run(3) != run(4)


@pytest.mark.parametrize("codec", CODEC_NAMES)
def test_the_true_rate_is_near_the_target(codec: str, film: Film) -> None:
    link = plain(LinkProfile(codec=codec, width=640, height=360, kbps=500))
    for frame in film(120, (640, 360)):
        link(frame)
    assert link.stats.kbps == pytest.approx(500, rel=0.2)
    assert link.stats.sent_bytes * 8 / 1000 / 4 == pytest.approx(500, rel=0.2)


def test_the_rate_it_tells_is_what_it_sent_in_the_last_second(film: Film) -> None:
    link = plain()
    sent = []
    for frame in film(90, SIZE):
        before = link.stats.sent_bytes
        link(frame)
        sent.append(link.stats.sent_bytes - before)
    # 1%: thirty periods of 33333333 ns are a little less than a second
    assert link.stats.kbps == pytest.approx(sum(sent[-30:]) * 8 / 1000, rel=0.01)


def test_nothing_is_lost_or_skipped_on_a_good_line(film: Film) -> None:
    link = plain()
    seen = [link(frame) for frame in film(60, SIZE)]
    stats = link.stats
    assert (stats.frames, stats.keyframes, stats.lost, stats.skipped) == (60, 1, 0, 0)
    assert repeats(seen) == []


def test_a_lost_frame_freezes_the_picture_until_the_repair_keyframe_which_is_a_cut(film: Film) -> None:
    link = lossy(10, rtt_ms=90)  # three frames later the sender knows
    seen = [link(frame) for frame in film(20, SIZE)]
    assert repeats(seen) == [10, 11, 12]
    assert cuts(seen) == [13]
    assert link.stats.lost == 3
    assert link.stats.keyframes == 2


def test_a_frozen_picture_keeps_the_numbers_running(film: Film) -> None:
    link = lossy(5)
    seen = [link(frame) for frame in film(10, SIZE)]
    assert [frame.index for frame in seen] == list(range(10))


def test_a_second_loss_in_a_freeze_does_not_make_it_longer(film: Film) -> None:
    link = lossy(10, 11, 12)
    seen = [link(frame) for frame in film(20, SIZE)]
    assert cuts(seen) == [13]


def test_a_lost_repair_keyframe_is_asked_for_again(film: Film) -> None:
    link = lossy(10, 13)
    seen = [link(frame) for frame in film(20, SIZE)]
    assert cuts(seen) == [16]
    assert link.stats.keyframes == 3
    assert link.stats.lost == 6


def test_a_longer_way_freezes_for_longer(film: Film) -> None:
    link = lossy(10, rtt_ms=290)
    assert cuts([link(frame) for frame in film(25, SIZE)]) == [19]


@pytest.mark.parametrize("codec", CODEC_NAMES)
def test_each_codec_recovers_from_loss(codec: str, film: Film) -> None:
    profile = replace(STEADY, codec=codec, loss=0.5, kbps=500, rtt_ms=90)
    link = Link(profile, cast(np.random.Generator, Dice(10)))
    assert cuts([link(frame) for frame in film(20, SIZE)]) == [13]


def test_large_frames_are_lost_more_often(film: Film) -> None:
    def lost(kbps: float) -> int:
        profile = replace(STEADY, loss=0.02, kbps=kbps, rtt_ms=0)
        link = Link(profile, np.random.default_rng(0))
        for frame in film(120, SIZE):
            link(frame)
        return link.stats.lost

    assert lost(2000) > 2 * lost(100)


def test_frames_above_the_links_rate_are_not_sent_and_repeat_the_last_picture(film: Film) -> None:
    link = plain(replace(STEADY, fps=15))
    seen = [link(frame) for frame in film(30, SIZE)]
    assert repeats(seen) == list(range(1, 30, 2))
    assert link.stats.skipped == 15


def test_a_little_jitter_skips_no_frame(film: Film) -> None:
    link = plain()
    rng = np.random.default_rng(0)
    for frame in film(60, SIZE):
        late_ns = int(rng.uniform(0, PERIOD_NS * 0.2))
        link(replace(frame, captured_ns=frame.captured_ns + late_ns))
    assert link.stats.skipped == 0


def test_after_a_pause_nothing_is_made_up_for(film: Film) -> None:
    link = plain(replace(STEADY, fps=15))
    frames = film(40, SIZE)
    pause_ns = 10_000_000_000
    later = [replace(frame, captured_ns=frame.captured_ns + pause_ns) for frame in frames[10:]]
    seen = [link(frame) for frame in (*frames[:10], *later)]
    # one more than every second frame: the first after the pause, whose place in the rhythm is free
    assert 15 <= len(repeats(seen)[5:]) + 1 <= 16


def test_a_cut_is_told_with_the_first_new_picture(film: Film) -> None:
    link = plain(replace(STEADY, fps=15))
    # frame 11 is not sent: what is shown for it is the picture before the cut
    frames = [replace(frame, is_cut=frame.index == 11) for frame in film(16, SIZE)]
    assert cuts([link(frame) for frame in frames]) == [12]


def test_a_cut_that_is_lost_is_told_with_the_repair(film: Film) -> None:
    link = lossy(10)
    frames = [replace(frame, is_cut=frame.index == 10) for frame in film(20, SIZE)]
    assert cuts([link(frame) for frame in frames]) == [13]


@pytest.mark.parametrize("codec", CODEC_NAMES)
def test_a_trace_moves_the_rate(codec: str, film: Film) -> None:
    link = plain(replace(STEADY, codec=codec, trace=((0, 160), (2, 40))))
    sent = []
    for frame in film(240, SIZE):
        before = link.stats.sent_bytes
        link(frame)
        sent.append((link.stats.sent_bytes - before) * 8 / 1000)
    seconds = [sum(sent[second * 30 : second * 30 + 30]) for second in range(8)]
    # the second after each step is let pass; then a quarter of the rate shows as less than a half of it
    assert seconds[3] < seconds[1] / 2
    assert seconds[5] > seconds[3] * 2
    assert seconds[7] < seconds[5] / 2


def test_a_closed_link_starts_afresh(film: Film) -> None:
    with plain() as link:
        for frame in film(10, SIZE):
            link(frame)
        link.close()
        link(film(11, SIZE)[10])
        assert link.stats.keyframes == 2


def test_a_source_that_changes_its_size_gets_a_new_codec(film: Film) -> None:
    link = plain()
    first = link(film(1, SIZE)[0])
    second = link(replace(film(1, (640, 480))[0], captured_ns=PERIOD_NS))
    assert [first.size, second.size] == [(320, 192), (256, 192)]
    assert link.stats.keyframes == 2


def test_a_profile_that_cannot_work_is_refused_before_the_first_frame() -> None:
    with pytest.raises(LinkError, match="no codec 'mpeg2'"):
        plain(replace(STEADY, codec="mpeg2"))
