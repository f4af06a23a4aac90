"""Which pictures and recordings are taken: by their first bytes, never by a name or what a client says."""

from dataclasses import dataclass

from vcam.serve.refusal import UNSUPPORTED, RefusedError


@dataclass(frozen=True)
class Kind:
    """A kind of picture file.

    name        in requests
    media_type  in HTTP
    pillow      Pillow's name of it
    demuxers    FFmpeg's names of what reads it, which one of may: others open files that a file names
    """

    name: str
    media_type: str
    pillow: str
    demuxers: str
    has_alpha: bool = True


KINDS = {
    kind.name: kind
    for kind in (
        Kind("jpeg", "image/jpeg", "JPEG", "jpeg_pipe,mjpeg", has_alpha=False),
        Kind("png", "image/png", "PNG", "png_pipe"),
        Kind("webp", "image/webp", "WEBP", "webp_pipe"),
        Kind("avif", "image/avif", "AVIF", "mov,mp4,m4a,3gp,3g2,mj2"),
    )
}
AVIF_BRANDS = (b"avif", b"avis")
VIDEO_DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,ogg"
ANY_TYPE = "application/octet-stream"
PICTURES_TAKEN = "a JPEG, PNG, WebP or AVIF file"
VIDEOS_TAKEN = "a recording in MP4, MOV, Matroska, WebM, AVI, MPEG-TS, MPEG-PS, FLV or Ogg"


def picture_kind(head: bytes) -> Kind:
    """The kind of a picture by its first 64 bytes. Raises RefusedError (415) for any other."""
    if head[:3] == b"\xff\xd8\xff":
        return KINDS["jpeg"]
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return KINDS["png"]
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return KINDS["webp"]
    if head[4:8] == b"ftyp" and any(brand in _brands(head) for brand in AVIF_BRANDS):
        return KINDS["avif"]
    found = "an empty body" if not head else "none of these by its first bytes"
    raise RefusedError(UNSUPPORTED, f"the body is {found}, expected {PICTURES_TAKEN}; send the file itself")


def check_media_type(said: str | None, begin: str, taken: str) -> None:
    """Raise RefusedError (415) unless a Content-Type begins as expected, or says nothing of the content.

    begin  "image/" or "video/"
    taken  what is expected, in words
    """
    plain = (said or "").partition(";")[0].strip().lower()
    if plain in ("", ANY_TYPE) or plain.startswith(begin):
        return
    raise RefusedError(
        UNSUPPORTED,
        f"Content-Type is {plain[:60]!r}, expected {begin}* or {ANY_TYPE}: send {taken} as the body itself, "
        f"with curl: --data-binary @FILE -H 'Content-Type: {ANY_TYPE}'",
    )


def _brands(head: bytes) -> list[bytes]:
    """The brands of an ISO base media file: the major one, then the compatible ones."""
    length = min(int.from_bytes(head[:4], "big"), len(head))
    return [head[8:12], *(head[place : place + 4] for place in range(16, length, 4))]
