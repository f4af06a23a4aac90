"""A phone's photo is a grid of tiles, each a stream of its own: they are put together here."""

import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vcam.errors import SourceError
from vcam.frame import MAX_SIDE
from vcam.media.heif import Layout


def assemble(container: InputContainer, layout: Layout, name: str) -> VideoFrame:
    """The whole picture, in its tiles' format. Raises SourceError if one is missing or damaged."""
    streams = {stream.id: stream for stream in container.streams.video}
    try:
        tiles = _decode(container, [streams[item] for item in layout.tiles])
    except (ValueError, KeyError, OSError):
        raise SourceError(f"{name}: a tile of the picture is damaged or missing; name another file") from None
    first, rows = tiles[0], len(tiles) // layout.cols
    width, height = first.width * layout.cols, first.height * rows
    if max(width, height) > MAX_SIDE + max(first.width, first.height):
        raise SourceError(f"{name} is {width}x{height}, expected sides of at most {MAX_SIDE} pixels")
    whole = VideoFrame(width, height, first.format.name)
    for number, plane in enumerate(whole.planes):
        place = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        for index, tile in enumerate(tiles):
            part = _pixels(tile, number)
            row, col = divmod(index, layout.cols)
            high, wide = part.shape
            place[row * high : (row + 1) * high, col * wide : (col + 1) * wide] = part
    whole.colorspace, whole.color_range = first.colorspace, first.color_range
    whole.color_trc, whole.color_primaries = first.color_trc, first.color_primaries
    return whole


def _pixels(tile: VideoFrame, number: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """A plane's bytes without padding, (H, bytes of a row)."""
    plane = tile.planes[number]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    a_pixel = 2 if tile.format.components[0].bits > 8 else 1
    return rows[: plane.height, : plane.width * a_pixel]


def _decode(container: InputContainer, streams: list[VideoStream]) -> list[VideoFrame]:
    """The one picture of each stream; all of one size and format, else ValueError."""
    found: dict[int, VideoFrame] = {}
    for packet in container.demux(*streams):
        stream = packet.stream
        assert isinstance(stream, VideoStream)
        for picture in stream.codec_context.decode(packet if packet.size else None):
            found.setdefault(stream.index, picture)
    tiles = [found[stream.index] for stream in streams]
    if len({(tile.width, tile.height, tile.format.name) for tile in tiles}) != 1:
        raise ValueError("tiles of several kinds")
    return tiles
