"""Packets of a stream, read ahead on a thread of their own: who waits for one waits only for so long."""

import queue
import threading
from typing import TypeAlias

from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

CLOSE_S = 0.5

End: TypeAlias = Exception | None  # what ended the stream; None for its end


class PacketReader:
    """Owns an opened container: only its thread reads from it, and closes it at the end.

    container  just opened
    stream     whose packets are wanted; what comes for the others shows only that the sender lives
    most       packets that wait here at once; more wait at the sender

    A thread, because FFmpeg waits for as long as a live playlist has nothing new. One that still waits when
    it is closed is left behind; it closes the container when FFmpeg lets it go, after the container's read
    timeout at the latest. The process does not end before: FFmpeg asks Python whether it may go on.
    """

    def __init__(self, container: InputContainer, stream: VideoStream, most: int) -> None:
        self.count = 0  # packets of all streams
        self._container = container
        self._index = stream.index
        self._packets: queue.Queue[Packet | End] = queue.Queue(most)
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demuxer")
        self._thread.start()

    def next(self, timeout_s: float) -> Packet | None:
        """The next packet of the stream; None at its end.

        Raises TimeoutError after `timeout_s` without one, and what FFmpeg raised where the stream broke off.
        """
        try:
            packet = self._packets.get(timeout=timeout_s)
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(packet, Packet):
            return packet
        self._packets.put(packet)  # whoever asks again is told again
        if packet is not None:
            raise packet
        return None

    def close(self) -> None:
        self._is_closed.set()
        self._drop_all()  # a thread that waits for room goes on
        self._thread.join(CLOSE_S)
        self._drop_all()

    def _run(self) -> None:
        end: End = None
        try:
            for packet in self._container.demux():
                if self._is_closed.is_set():
                    return
                self.count += 1
                if packet.stream_index == self._index:
                    self._packets.put(packet)
        except Exception as error:  # handed to whoever reads
            end = error
        finally:
            self._container.close()
        self._packets.put(end)

    def _drop_all(self) -> None:
        while True:
            try:
                self._packets.get_nowait()
            except queue.Empty:
                return
