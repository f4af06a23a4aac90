"""The sound of a recording on its way into a video file: copied where the container can, else encoded."""

import io
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fractions import Fraction

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.filter import Graph
from av.packet import Packet
from av.stream import Disposition

from vcam.media.streams import sounds, unknown_sounds

# by FFmpeg's name of the container: what players are known to play from it
COPIED = {
    "mp4": {"aac", "mp3", "ac3", "eac3", "alac", "opus"},
    "matroska": {"aac", "mp2", "mp3", "ac3", "eac3", "dts", "truehd", "alac", "opus", "vorbis", "flac"}
    | {"pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_u8"},
}
ENCODER = "aac"
RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)  # that it takes
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}  # channels -> what every player knows
BITS_A_CHANNEL = 96_000  # a second
LEAD_S = Fraction(1, 10)  # by which sound may be before the picture and is left out: priming, half a packet
SHOWN_TAGS = ("language", "title", "handler_name")


class Sound:
    """All streams of sound of a recording, for a sink that writes them beside the picture.

    container  an open recording with sound

    `take` packets as they are read, `begin` when the first picture is known; the sink calls `attach` and
    `packets`. `words` says at the end what was left out or changed, one sentence each.
    """

    def __init__(self, container: InputContainer) -> None:
        self.words: list[str] = []
        self.streams = sounds(container)  # the default one first
        unknown = unknown_sounds(container)
        if unknown:
            self.words.append(f"streams of sound that this FFmpeg cannot read are left out: {unknown}")
        self._tracks: dict[int, _Track] = {}
        self._waiting: deque[Packet] = deque()
        self._begin_s: Fraction | None = None
        self._refused = 0

    def take(self, packet: Packet) -> None:
        """A packet of one of the streams, on the pictures' timeline."""
        self._waiting.append(packet)

    def begin(self, picture_s: Fraction) -> Fraction:
        """Where the copy begins, given when the first picture is shown.

        That is with the first picture, or with sound that begins well before it: then that picture is shown
        for longer.
        """
        first = [packet.pts * packet.time_base for packet in self._waiting if packet.pts is not None]
        sound_s = min(first, default=picture_s)
        self._begin_s = sound_s if sound_s < picture_s - LEAD_S else picture_s
        return self._begin_s

    def attach(self, container: OutputContainer) -> None:
        """Add the streams to a container that has none but the picture's, and no packet yet."""
        for number, stream in enumerate(self.streams, 1):
            track = _attach(container, stream)
            if track is None:
                name = stream.codec_context.name
                self.words.append(f"sound {number} is left out: {name} can be neither copied nor decoded")
            else:
                self._tracks[stream.index] = track
                track.copy.disposition = Disposition.default if number == 1 else Disposition(0)

    def packets(self, is_end: bool = False) -> Iterator[Packet]:
        """What can be written now, and at the end all that is left."""
        if self._begin_s is None:
            return
        while self._waiting:
            packet = self._waiting.popleft()
            track = self._tracks.get(packet.stream_index)
            if track is not None and _move(packet, self._begin_s):
                yield from track.packets(packet)
        if is_end:
            for track in self._tracks.values():
                yield from track.packets(None)
            self._say_damaged()

    def refuse(self, packet: Packet) -> None:
        """Count a packet that the container did not take."""
        self._refused += 1

    def _say_damaged(self) -> None:
        damaged = self._refused + sum(track.damaged for track in self._tracks.values())
        if damaged:
            self.words.append(f"{damaged} packets of the sound were damaged and are missing")


class _Track:
    """One stream of sound and its copy."""

    copy: AudioStream
    damaged = 0

    def packets(self, packet: Packet | None) -> Iterable[Packet]:
        """What is to be written for a packet; None at the end."""
        raise NotImplementedError


class _Copied(_Track):
    """Packets go over as they are; their times rise as containers ask for it."""

    def __init__(self, copy: AudioStream) -> None:
        self.copy = copy
        self._end_s = Fraction(0)
        self._last_dts: int | None = None

    def packets(self, packet: Packet | None) -> Iterable[Packet]:
        if packet is None or packet.time_base is None:
            return
        if packet.pts is None:
            packet.pts = round(self._end_s / packet.time_base)
        packet.dts = packet.pts
        if self._last_dts is not None and packet.dts <= self._last_dts:
            packet.pts = packet.dts = self._last_dts + 1
        self._last_dts = packet.dts
        self._end_s = (packet.pts + (packet.duration or 0)) * packet.time_base
        packet.stream = self.copy
        yield packet


class _Encoded(_Track):
    """Packets are decoded and encoded again; gaps become silence, so that sound and picture stay in step."""

    def __init__(self, copy: AudioStream, source: AudioStream) -> None:
        self.copy = copy
        self._source = source
        self._graph: Graph | None = None
        self._kind: object = None

    def packets(self, packet: Packet | None) -> Iterable[Packet]:
        for frame in self._decode(packet):
            yield from self._encode(self._resample(frame))
        if packet is None:
            yield from self._encode(self._drain())
            yield from self.copy.encode(None)

    def _decode(self, packet: Packet | None) -> list[AudioFrame]:
        try:
            return self._source.codec_context.decode(packet)
        except av.error.EOFError:
            return []
        except av.FFmpegError:
            self.damaged += 1
            return []

    def _resample(self, frame: AudioFrame) -> Iterator[AudioFrame]:
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._graph is None or kind != self._kind:
            yield from self._drain()
            self._graph, self._kind = self._make_graph(frame), kind
        self._graph.push(frame)
        yield from _pull(self._graph)

    def _drain(self) -> Iterator[AudioFrame]:
        graph, self._graph = self._graph, None
        if graph is not None:
            graph.push(None)
            yield from _pull(graph)

    def _make_graph(self, frame: AudioFrame) -> Graph:
        codec = self.copy.codec_context
        graph = Graph()
        entry = graph.add_abuffer(
            sample_rate=frame.sample_rate,
            format=frame.format.name,
            layout=frame.layout.name,
            time_base=frame.time_base,
        )
        # silence where packets are missing; sound that is late is not stretched
        steps = [
            graph.add("aresample", "async=1:min_hard_comp=0.02"),
            graph.add(
                "aformat",
                f"sample_fmts=fltp:sample_rates={codec.sample_rate}:channel_layouts={codec.layout.name}",
            ),
            graph.add("abuffersink"),
        ]
        graph.link_nodes(entry, *steps)
        graph.configure()
        return graph

    def _encode(self, frames: Iterator[AudioFrame]) -> Iterator[Packet]:
        for frame in frames:
            yield from self.copy.encode(frame)


def _attach(container: OutputContainer, stream: AudioStream) -> _Track | None:
    """The stream's copy in the container, or None if it can be neither copied nor encoded."""
    name = "mp4" if "mp4" in container.format.name.split(",") else container.format.name
    track: _Track | None = None
    if stream.codec_context.name in COPIED[name] and _can_copy(name, stream):
        track = _Copied(container.add_stream_from_template(stream))
    elif stream.codec_context.codec is not None:
        rate = min(RATES, key=lambda each: (each < stream.rate, abs(each - stream.rate)))
        layout = LAYOUTS.get(stream.channels, "stereo")
        bits = BITS_A_CHANNEL * av.AudioLayout(layout).nb_channels
        copy = container.add_stream(ENCODER, rate=rate, layout=layout, bit_rate=bits)
        assert isinstance(copy, AudioStream)
        track = _Encoded(copy, stream)
    if track is not None:
        for key in SHOWN_TAGS:
            if key in stream.metadata:
                track.copy.metadata[key] = stream.metadata[key]
    return track


def _can_copy(name: str, stream: AudioStream) -> bool:
    """Whether a container of this kind begins with such a stream: some lack what its header needs."""
    trial = av.open(io.BytesIO(), "w", format=name)
    try:
        trial.add_stream_from_template(stream)
        trial.start_encoding()
    except (av.FFmpegError, ValueError):
        return False
    finally:
        with suppress(av.FFmpegError, ValueError):
            trial.close()
    return True


def _move(packet: Packet, begin_s: Fraction) -> bool:
    """Shift a packet so that `begin_s` is 0; False if most of it is before that.

    What remains begins at 0 at the earliest: containers that know no time before it would move the picture.
    """
    shift = round(begin_s / packet.time_base)
    if packet.pts is None:
        return True
    packet.pts -= shift
    if packet.pts < 0 and packet.pts + (packet.duration or 0) // 2 <= 0:
        return False
    packet.pts = max(packet.pts, 0)
    packet.dts = packet.pts  # there is no reordering in sound
    return True


def _pull(graph: Graph) -> Iterator[AudioFrame]:
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        assert isinstance(frame, AudioFrame)
        yield frame
