"""HEIF pictures as phones make them, put together from HEVC's own packets."""

import struct
from pathlib import Path

import av
import numpy as np


def box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", len(content) + 8, kind) + content


def full(kind: bytes, *parts: bytes, version: int = 0) -> bytes:
    return box(kind, bytes([version, 0, 0, 0]), *parts)


def encode_tile(folder: Path, level: int) -> tuple[bytes, bytes]:
    """A grey 64x64 tile as HEVC: its configuration, and its packet."""
    path = folder / "tile.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx265", rate=1, options={"x265-params": "log-level=none:bframes=0"})
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        planes = np.full((96, 64), 128, np.uint8)
        planes[:64] = level
        picture = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        picture.pts = 0  # else the encoder may give none either, which no file takes
        container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    with av.open(str(path)) as container:
        packet = next(packet for packet in container.demux(video=0) if packet.size)
        return bytes(container.streams.video[0].codec_context.extradata or b""), bytes(packet)


def write_heif(path: Path, levels: list[int], cols: int, shown: tuple[int, int], *more: bytes) -> Path:
    """A grid of grey 64x64 tiles of these levels of luma; one level alone is no grid.

    shown  (width, height) of the picture
    more   further properties of it: irot, imir, clap
    """
    tiles = [encode_tile(path.parent, level) for level in levels]
    count, main = len(tiles), len(tiles) + 1 if len(tiles) > 1 else 1
    size = struct.pack(">II", *(shown if count > 1 else (64, 64)))
    common = [box(b"hvcC", tiles[0][0]), full(b"ispe", struct.pack(">II", 64, 64))]
    own = [full(b"ispe", size), *more]
    of_tile = b"\2\1\2" if count > 1 else bytes([2 + len(own), 1, *range(2, 3 + len(own))])
    of_main = bytes([len(own), *range(3, 3 + len(own))])
    owners = [struct.pack(">H", item) + of_tile for item in range(1, count + 1)]
    grid = struct.pack(">BBBBHH", 0, 0, count // cols - 1, cols - 1, *shown)
    if count > 1:
        owners.append(struct.pack(">H", main) + of_main)
    kinds = [b"hvc1"] * count + ([b"grid"] if count > 1 else [])
    infos = [
        full(b"infe", struct.pack(">HH", k, 0), kind, b"\0", version=2) for k, kind in enumerate(kinds, 1)
    ]

    def meta(offset: int) -> bytes:
        places, position = [], offset
        for item, (_, packet) in enumerate(tiles, 1):
            places.append(struct.pack(">HHHHII", item, 0, 0, 1, position, len(packet)))
            position += len(packet)
        if count > 1:
            places.append(struct.pack(">HHHHII", main, 1, 0, 1, 0, len(grid)))
        parts = [
            full(b"hdlr", bytes(4), b"pict", bytes(13)),
            full(b"pitm", struct.pack(">H", main)),
            full(b"iloc", b"\x44\0", struct.pack(">H", len(places)), *places, version=1),
            full(b"iinf", struct.pack(">H", len(infos)), *infos),
            box(
                b"iprp",
                box(b"ipco", *common, *own),
                full(b"ipma", struct.pack(">I", len(owners)), *owners),
            ),
        ]
        if count > 1:
            links = struct.pack(f">HH{count}H", main, count, *range(1, count + 1))
            parts += [full(b"iref", box(b"dimg", links)), box(b"idat", grid)]
        return full(b"meta", *parts)

    head = box(b"ftyp", b"heic", bytes(4), b"mif1heic")
    begin = len(head) + len(meta(0)) + 8
    path.write_bytes(head + meta(begin) + box(b"mdat", *(packet for _, packet in tiles)))
    return path
