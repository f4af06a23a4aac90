"""HEIF and AVIF pictures: what their boxes say of the picture that FFmpeg's streams are parts of.

ISO/IEC 23008-12 (items, properties, derived pictures) in the boxes of ISO/IEC 14496-12. A phone's photo is a
grid of tiles, each of which is a stream to FFmpeg.
"""

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from vcam.conversion.geometry import Box
from vcam.media.boxes import boxes_of, read_aperture

BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis")
FILMS = (b"avis", b"msf1", b"hevc")  # of these, with pictures that follow each other
ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0", b"urn:mpeg:hevc:2015:auxid:1\0")
LARGEST_META = 1 << 24  # bytes
MOST_TILES = 1024


@dataclass(frozen=True)
class Layout:
    """The main picture of a file.

    shown  (left, top, width, height) of what is shown of the decoded picture, before it is turned
    tiles  the items that it is put together from, row by row; empty if it is one
    alpha  the item of its opacity, if there is one; is_animated: the file has a film of it, too
    cols   tiles in a row
    turn   degrees clockwise; is_mirrored: left and right are exchanged first
    """

    shown: Box
    tiles: tuple[int, ...] = ()
    cols: int = 1
    turn: int = 0
    is_mirrored: bool = False
    alpha: int | None = None
    is_animated: bool = False


def read_layout(path: Path) -> Layout | None:
    """What a HEIF file says of its main picture; None if it is another file, or damaged."""
    with suppress(OSError, struct.error, LookupError, ZeroDivisionError), path.open("rb") as file:
        head = file.read(12)
        if head[4:8] != b"ftyp" or head[8:12] not in BRANDS:
            return None
        file.seek(0)
        meta = _find_meta(file.read(LARGEST_META))
        layout = _read_meta(meta, path) if meta else None
        return replace(layout, is_animated=head[8:12] in FILMS) if layout else None
    return None


def _find_meta(data: bytes) -> bytes:
    return next((content[4:] for kind, content in boxes_of(data) if kind == b"meta"), b"")


def _read_meta(meta: bytes, path: Path) -> Layout:
    boxes = dict(boxes_of(meta))
    main = _read_primary(boxes[b"pitm"])
    shown, turn, is_mirrored = _read_properties(boxes[b"iprp"], main)
    iref = boxes.get(b"iref", b"")
    tiles, alpha = _read_parts(iref, main), _find_alpha(iref, boxes[b"iprp"], main)
    if not tiles:
        return Layout(shown, turn=turn, is_mirrored=is_mirrored, alpha=alpha)
    grid = _read_item(boxes[b"iloc"], boxes.get(b"idat", b""), main, path)
    _, flags, rows, cols = grid[:4]
    width, height = struct.unpack_from(">II" if flags & 1 else ">HH", grid, 4)
    if (rows + 1) * (cols + 1) != len(tiles) or len(tiles) > MOST_TILES:
        raise KeyError("tiles are missing")
    if shown[2] > width or shown[3] > height:
        shown = (0, 0, width, height)
    return Layout(shown, tiles, cols + 1, turn, is_mirrored, alpha)


def _read_primary(pitm: bytes) -> int:
    return int(struct.unpack_from(">I" if pitm[0] else ">H", pitm, 4)[0])


def _read_parts(iref: bytes, main: int) -> tuple[int, ...]:
    """The items that the main one is derived from."""
    return next((items for owner, items in _read_links(iref, b"dimg") if owner == main), ())


def _find_alpha(iref: bytes, iprp: bytes, main: int) -> int | None:
    """The item that is the opacity of the main one; other auxiliary ones are depth and light."""
    for item, owners in _read_links(iref, b"auxl"):
        with suppress(LookupError):  # an item without properties, which is none of ours
            kinds = [content[4:] for kind, content in _own(iprp, item) if kind == b"auxC"]
            if main in owners and any(kind.startswith(ALPHA) for kind in kinds):
                return item
    return None


def _read_links(iref: bytes, wanted: bytes) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The links of a kind between items: from which one, to which others."""
    form = "I" if iref[:1] == b"\1" else "H"
    for kind, content in boxes_of(iref[4:]):
        if kind == wanted:
            item, count = struct.unpack_from(f">{form}H", content)
            yield item, struct.unpack_from(f">{count}{form}", content, struct.calcsize(f">{form}H"))


def _own(iprp: bytes, item: int) -> Iterator[tuple[bytes, bytes]]:
    """The properties of an item, kind and content, in the order in which they are named."""
    boxes = dict(boxes_of(iprp))
    known = list(boxes_of(boxes[b"ipco"]))
    return (known[number - 1] for number in _read_numbers(boxes[b"ipma"], item))


def _read_properties(iprp: bytes, main: int) -> tuple[Box, int, bool]:
    """What is shown of an item, turn and mirroring; these two come in the order in which they are named."""
    shown, turn, is_mirrored = (0, 0, 0, 0), 0, False
    for kind, content in _own(iprp, main):
        if kind == b"ispe":
            shown = (0, 0, *struct.unpack_from(">II", content, 4))
        elif kind == b"clap":
            shown = read_aperture(content, shown)
        elif kind == b"irot":
            turn = (turn - 90 * (content[0] & 3)) % 360
        elif kind == b"imir":
            is_mirrored = not is_mirrored
            # axis 1 exchanges left and right, 0 above and below; a turn before it goes the other way round
            turn = (-turn + (0 if content[0] & 1 else 180)) % 360
    return shown, turn, is_mirrored


def _read_numbers(ipma: bytes, main: int) -> list[int]:
    """The numbers of an item's properties, counted from 1."""
    is_long, is_wide = ipma[0] > 0, bool(ipma[3] & 1)
    (count,) = struct.unpack_from(">I", ipma, 4)
    place = 8
    for _ in range(count):
        (item,) = struct.unpack_from(">I" if is_long else ">H", ipma, place)
        place += 4 if is_long else 2
        size, place = ipma[place], place + 1
        if is_wide:
            numbers = [number & 0x7FFF for number in struct.unpack_from(f">{size}H", ipma, place)]
        else:
            numbers = [number & 0x7F for number in ipma[place : place + size]]
        place += size * (2 if is_wide else 1)
        if item == main:
            return [number for number in numbers if number]
    raise KeyError(main)


def _read_item(iloc: bytes, idat: bytes, main: int, path: Path) -> bytes:
    """The content of a small item, which is in the file or among the boxes."""
    version = iloc[0]
    sizes = iloc[4] >> 4, iloc[4] & 15, iloc[5] >> 4, iloc[5] & 15  # of offset, length, base, index
    place = 6

    def number(size: int) -> int:
        nonlocal place
        place += size
        return int.from_bytes(iloc[place - size : place], "big")

    for _ in range(number(4 if version == 2 else 2)):
        item = number(4 if version == 2 else 2)
        method = number(2) & 15 if version else 0
        number(2)  # which file: this one
        base = number(sizes[2])
        extents = []
        for _ in range(number(2)):
            number(sizes[3] if version else 0)
            extents.append((base + number(sizes[0]), number(sizes[1])))
        if item == main:
            offset, length = extents[0]
            if method == 1:
                return idat[offset : offset + length]
            with path.open("rb") as file:
                file.seek(offset)
                return file.read(min(length, 64))
    raise KeyError(main)
