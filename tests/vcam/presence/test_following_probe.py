from fake_loopback import NODE, USAGE, FakeLoopback, Watch

from vcam.presence import EventProbe, FollowingProbe, Probe


class Output:
    """An output that is at a place, or nowhere; its node tells who watches unless it is mute."""

    def __init__(self, kernel: FakeLoopback, place: object | None) -> None:
        self.kernel = kernel
        self.place = place
        self.is_mute = False
        self.found: list[object] = []

    def find(self, place: object) -> Probe | None:
        self.found.append(place)
        return None if self.is_mute else EventProbe(NODE, USAGE, self.kernel)

    def watch(self) -> Watch:
        return Watch(self.kernel, FollowingProbe(lambda: self.place, self.find))


def test_what_is_nowhere_is_watched_by_nobody() -> None:
    kernel = FakeLoopback()
    watch = Output(kernel, None).watch()
    watch.run(100)
    assert watch.levels == [False]
    assert kernel.opened == 0


def test_who_looks_at_the_page_watches_though_the_output_is_nowhere() -> None:
    watch = Output(FakeLoopback(), None).watch()
    watch.presence.note_viewer()
    watch.run(1)
    assert watch.levels == [False, True]


def test_an_output_that_appears_is_asked_who_watches() -> None:
    kernel = FakeLoopback()
    output = Output(kernel, None)
    watch = output.watch()
    output.place = "node"
    watch.presence.look_again()
    watch.run(10)
    assert watch.levels == [False]
    kernel.set_watchers(1)
    watch.run(1)
    assert watch.levels == [False, True]
    assert output.found == ["node"]


def test_an_output_that_vanishes_is_let_go_at_once_and_opens_no_webcam() -> None:
    kernel = FakeLoopback()
    output = Output(kernel, "node")
    watch = output.watch()
    output.place = None
    watch.presence.look_again()
    watch.run(0.3)
    assert kernel.queues == {}, "a node that is held cannot be unloaded"
    watch.run(100)
    assert watch.levels == [False]


def test_a_short_outage_in_a_call_closes_nothing_and_a_long_one_does() -> None:
    kernel = FakeLoopback()
    kernel.watchers = 1
    output = Output(kernel, "node")
    watch = output.watch()
    for place, seconds in ((None, 4), ("again", 60), (None, 4.5)):
        output.place = place
        watch.presence.look_again()
        watch.run(seconds)
    assert watch.levels == []
    watch.run(2)
    assert watch.levels == [False]


def test_each_place_is_asked_by_a_probe_of_its_own_and_one_is_held_at_a_time() -> None:
    kernel = FakeLoopback()
    output = Output(kernel, "first")
    watch = output.watch()
    for place in ("second", None, "first"):
        output.place = place
        watch.presence.look_again()
        watch.run(1)
    assert output.found == ["first", "second", "first"]
    assert kernel.most_open == 1


def test_a_place_that_tells_nothing_counts_as_watched() -> None:
    output = Output(FakeLoopback(), "node")
    output.is_mute = True
    watch = output.watch()
    watch.run(100)
    assert watch.levels == []
    assert output.found == ["node"], "it is asked once for each place"


def test_it_holds_nothing_after_the_stop() -> None:
    kernel = FakeLoopback()
    watch = Output(kernel, "node").watch()
    watch.presence.stop()
    assert kernel.queues == {}
