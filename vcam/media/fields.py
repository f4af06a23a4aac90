"""Interlaced recordings: two fields of a picture, taken one after the other, become one whole picture."""

from collections.abc import Iterator

import av
from av.filter import Graph
from av.video.frame import VideoFrame

FILTER, OPTIONS = "bwdif", "mode=send_frame:parity=auto:deint=interlaced"


class Deinterlacer:
    """Weaves the fields of pictures that are marked as interlaced; others pass, a picture later.

    Nothing is done, and nothing delayed, before the first such picture.
    """

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._kind: object = None

    def __call__(self, picture: VideoFrame) -> Iterator[VideoFrame]:
        """The pictures that are ready now."""
        kind = picture.width, picture.height, picture.format.name
        if self._graph is not None and kind != self._kind:
            yield from self.finish()
        if self._graph is None and not picture.interlaced_frame:
            yield picture
            return
        if self._graph is None:
            self._graph, self._kind = _make_graph(picture), kind
        self._graph.push(picture)
        yield from _pull(self._graph)

    def finish(self) -> Iterator[VideoFrame]:
        """The last pictures."""
        graph, self._graph = self._graph, None
        if graph is not None:
            graph.push(None)
            yield from _pull(graph)


def _make_graph(picture: VideoFrame) -> Graph:
    graph = Graph()
    entry = graph.add_buffer(
        width=picture.width, height=picture.height, format=picture.format, time_base=picture.time_base
    )
    graph.link_nodes(entry, graph.add(FILTER, OPTIONS), graph.add("buffersink"))
    graph.configure()
    return graph


def _pull(graph: Graph) -> Iterator[VideoFrame]:
    while True:
        try:
            yield graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
