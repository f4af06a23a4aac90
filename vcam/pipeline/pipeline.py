"""The three threads between a source and a sink, and the output's timing."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from vcam.errors import VcamError, as_source_error
from vcam.frame import Frame, Size, crop_to_aspect, resize
from vcam.meter import Meter
from vcam.pipeline.protocols import Clock, FailFast, Finish, Policy, Result, Sink, Source, Stages
from vcam.pipeline.slot import Slot

log = logging.getLogger(__name__)

FINISH = "adjust"  # its name in the meter, and for the policy
PLACEHOLDER_FPS = 10  # Chromium gives a silent camera up after about 10 s
PAUSED_FPS = 2  # nothing is expected then, and a new card is sent at once
SLACK = 0.25  # of a period: how early or late a fresh frame may go out to follow the source's phase
PULL = 0.01  # of a period
JOIN_S = 5.0  # for a source or a stage that hangs
SEND_S = 30.0  # for a sink that hangs: one that is closed while a frame is being sent may crash


class Pipeline:
    """Runs a source through stages into a sink until it is stopped, paused or the source ends.

    make_source   opens nothing by itself; called again for each reconnect
    size          of the output, (width, height); it never changes
    fps           the sink's steady rate
    placeholder   what is shown while there is no picture, of the output's size
    limit         frames to send before the pipeline ends by itself; None for no limit
    finish        gets what the stages have made, and returns what is published; one that fails is left out
    """

    def __init__(
        self,
        make_source: Callable[[], Source],
        stages: Stages,
        sink: Sink,
        *,
        size: Size,
        fps: float,
        placeholder: Frame,
        policy: Policy | None = None,
        limit: int | None = None,
        finish: Finish | None = None,
        clock: Clock = time.monotonic_ns,
    ) -> None:
        self.meter = Meter()
        self._make_source = make_source
        self._stages = stages
        self._sink = sink
        self._size = size
        self._period_ns = round(1e9 / fps)
        self._placeholder = placeholder
        self._policy = policy or FailFast()
        self._limit = limit
        self._finish = finish
        self._clock = clock
        self._captured: Slot[Frame] = Slot()
        self._finished: Slot[Result] = Slot()
        self._latest: Result | None = None
        self._shown: Result | None = None  # sent last; None for a card
        self._frozen: Result | None = None
        self._is_outrun = False  # more results came than the output could send
        self._error: Exception | None = None
        self._stopping = threading.Event()
        self._resumed = threading.Event()
        self._resumed.set()
        self._reopening = threading.Event()
        self._is_live = False  # a frame that the worker finishes after its source failed is not to be shown
        self._source_ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._guard, args=(work,), name=name, daemon=True)
            for name, work in (
                ("capture", self._capture),
                ("worker", self._work),
                ("output", self._output),
            )
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End all three threads. The sink is the caller's to close, since nothing is being sent any more.

        Where others have the processor, the output thread is waited for until it has sent its frame. One that
        hangs is left alone at last, and the log says so.
        """
        self._end()
        self._resumed.set()
        self._reopening.set()
        for thread, patience_s in zip(self._threads, (JOIN_S, JOIN_S, SEND_S), strict=True):
            if thread.ident is None:
                continue
            thread.join(patience_s)
            if thread.is_alive():
                log.warning("the %s thread hangs and is left alone after %.0f s", thread.name, patience_s)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the pipeline to end by itself; True if it did. Raises what ended it."""
        is_over = self._stopping.wait(timeout_s)
        if is_over and self._error is not None:
            raise self._error
        return is_over

    def pause(self) -> None:
        """Close the source and show the placeholder."""
        self._resumed.clear()
        self._reopening.set()
        self._is_live = False  # at once: a resume may come before the capture thread has seen the pause

    def resume(self) -> None:
        self._resumed.set()

    def reopen_source(self) -> None:
        """Close the source and ask `make_source` for a new one, without waiting for a back-off to end."""
        self._reopening.set()

    @property
    def is_paused(self) -> bool:
        return not self._resumed.is_set()

    def set_stages(self, stages: Stages) -> None:
        """Use these stages from the next frame on."""
        self._stages = stages

    def set_finish(self, finish: Finish) -> None:
        """Finish with this from the next frame on."""
        self._finish = finish

    def freeze(self) -> bool:
        """Go on sending the picture that was sent last, or the first one if it is about to be; False without.

        It stays though the source fails or closes; a pause hides it. Nothing is restored meanwhile, and the
        first frame afterwards is a cut.
        """
        self._frozen = self._frozen or (None if self.is_paused else self._shown or self.latest())
        return self._frozen is not None

    def unfreeze(self) -> None:
        self._frozen = None

    @property
    def is_frozen(self) -> bool:
        return self._frozen is not None

    def set_placeholder(self, placeholder: Frame) -> None:
        """Show this while there is no picture, from now on."""
        self._placeholder = placeholder
        if self.latest() is None:
            self._finished.wake()

    def latest(self) -> Result | None:
        """The newest result, or the frozen one; None while there is no picture."""
        if self.is_paused:
            return None
        return self._frozen or (self._latest if self._is_live else None)

    def _guard(self, work: Callable[[], None]) -> None:
        """Run a thread's work; an error that no policy took care of ends the pipeline."""
        try:
            work()
        except Exception as error:  # the thread's boundary: handed to wait(), which raises it
            self._error = self._error or error
            self._end()

    def _end(self) -> None:
        """Let no thread wait for a frame any more."""
        self._stopping.set()
        self._captured.close()
        self._finished.close()

    # capture

    def _capture(self) -> None:
        attempt = 0
        while not self._stopping.is_set():
            self._resumed.wait()  # a stop resumes
            self._reopening.clear()  # before looking: a pause or a stop from here on must not be forgotten
            if self._stopping.is_set() or self.is_paused:
                continue  # a stop must not open a paused source
            try:
                for _ in self._read_source():
                    attempt = 0
            except Exception as error:  # the source's boundary: made, opened, read or closed
                self._is_live = False
                attempt += 1
                failure = _say(error)
                delay_s = self._policy.source_failed(failure, attempt)
                if delay_s is None:
                    raise failure  # noqa: B904  # it has its cause
                if not self._stopping.is_set() and self._reopening.wait(delay_s):
                    attempt = 0  # whoever asks for it now knows of a change
                continue
            if not self._reopening.is_set():
                self._source_ended.set()
                self._captured.close()
                return

    def _read_source(self) -> Iterator[Frame]:
        """Move the frames of one opening of the source into the slot, until it ends or is to be closed."""
        expected: int | None = None
        is_cut = True
        with self._make_source() as source:
            self._policy.source_opened()
            self._latest, self._is_live = None, True
            for frame in source:
                if self._stopping.is_set() or self._reopening.is_set() or self.is_paused:
                    self._is_live = False
                    self._reopening.set()  # a resume in between must not make this look like the end
                    return
                if expected is not None and frame.index > expected:
                    self.meter.count_drop("source", frame.index - expected)
                expected = frame.index + 1
                displaced = self._captured.take(0)
                if displaced is not None:
                    self.meter.count_drop("busy")
                    is_cut = is_cut or displaced.is_cut
                self._captured.put(replace(frame, is_cut=True) if is_cut else frame)
                is_cut = False
                yield frame

    # worker

    def _work(self) -> None:
        owes_cut = False  # the frame that was a cut failed
        while not self._stopping.is_set():
            frame = self._captured.take(None)
            if frame is None:  # the end
                return
            if self.is_frozen:
                owes_cut = True
                continue
            if owes_cut:
                frame = replace(frame, is_cut=True)
            result = self._process(frame)
            owes_cut = result is None and frame.is_cut
            if result is not None and not self.is_paused:
                self._latest = result
                if self._finished.put(result):
                    self.meter.count_drop("unsent")
                    self._is_outrun = True

    def _process(self, frame: Frame) -> Result | None:
        before = first = frame
        stages = self._stages
        for name, stage in stages:
            before = frame
            start_ns = self._clock()
            try:
                frame = stage(frame)
            except Exception as error:
                self.meter.count_drop("failed")
                if self._stages is stages:  # else they were replaced meanwhile, and this one is history
                    left = self._stages_without(name, error)
                    self._stages = left if self._stages is stages else self._stages
                return None
            self.meter.count_stage(name, (self._clock() - start_ns) / 1e6)
        truth = None if before is first else first
        return self._finished_by(self._finish, Result(before, conform(frame, self._size), truth))

    def _finished_by(self, finish: Finish | None, result: Result) -> Result:
        """The result as it is to be published; as it is, if what finishes it fails."""
        if finish is None:
            return result
        start_ns = self._clock()
        try:
            finished = finish(result)
        except Exception as error:
            if self._finish is finish:
                self._finish = None
                self._stages = self._stages_without(FINISH, error)
            return result
        self.meter.count_stage(FINISH, (self._clock() - start_ns) / 1e6)
        return finished

    def _stages_without(self, name: str, error: Exception) -> Stages:
        stages = self._policy.stage_failed(name, error)
        if stages is None:
            raise error
        return stages

    # output clock

    def _output(self) -> None:
        due_ns = self._clock()
        sent = 0
        while sent != self._limit:
            result, due_ns = self._next_result(due_ns)
            if result is None and self._source_ended.is_set() and not self._threads[1].is_alive():
                result = self._finished.take(0)
                if result is None:
                    break
            latest = self.latest()
            if self._stopping.is_set():  # asked last: a stop resumes, which must not show a picture again
                break
            if latest is None or latest is self._frozen:
                result = None  # finished after its source failed or was paused, or before the freeze
            shown = self._shown = result or latest
            captured_ns = result.after.captured_ns if result else None
            if self._sink.send(shown.after if shown else self._placeholder) is False:
                self.meter.count_drop("unpublished")
            else:
                self.meter.count_sent(self._clock(), captured_ns)
            sent += 1
        self._end()

    def _next_result(self, due_ns: int) -> tuple[Result | None, int]:
        """Wait for this tick's result, and say when the next tick is due.

        A fresh result goes out up to SLACK of a period before it is due. A late one moves the beat, so that
        the output follows the source's phase instead of holding each frame for its own; a repeat does not,
        so that the rate is not below the nominal one. Results that wait for their tick pull the beat towards
        them, by PULL of a period each, unless there are more of them than ticks: so one slow frame does not
        make all later ones old.
        """
        slack_ns = round(self._period_ns * SLACK)
        if self.latest() is None:
            # a card is shown: the first picture takes its place at once, not a tenth of a second later
            result = self._finished.take(max(0, due_ns - self._clock()) / 1e9)
            card_fps = PAUSED_FPS if self.is_paused else PLACEHOLDER_FPS
            period_ns = self._period_ns if result else max(self._period_ns, round(1e9 / card_fps))
            return result, self._clock() + period_ns
        self._stopping.wait(max(0, due_ns - slack_ns - self._clock()) / 1e9)
        result = self._finished.take(0)
        if result is None:
            result = self._finished.take(max(0, due_ns + slack_ns - self._clock()) / 1e9)
        elif not self._is_outrun:
            due_ns -= round(self._period_ns * PULL)
        self._is_outrun = False
        now_ns = self._clock()
        is_on_beat = now_ns < due_ns + (self._period_ns if result is None else 0)
        return result, (due_ns if is_on_beat else now_ns) + self._period_ns


def _say(error: Exception) -> VcamError:
    """The failure of a source as a sentence; what nobody foresaw is its cause."""
    if isinstance(error, VcamError):
        return error
    failure = as_source_error(error, "the source")
    failure.__cause__ = error
    return failure


def conform(frame: Frame, size: Size) -> Frame:
    """Bring a frame to the output's size: the centre is cut to its shape, then scaled, never stretched."""
    return frame if frame.size == size else resize(crop_to_aspect(frame, size), size)
