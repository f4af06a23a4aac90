"""What a stranger's file is, before anything is read that it names or decoded that it announces."""

from pathlib import Path

import av

from vcam.conversion.geometry import shown_size
from vcam.errors import VcamError
from vcam.frame import Size
from vcam.media.opening import FILE_OPTIONS, PATIENCE_S, file_address
from vcam.media.reading import Recording
from vcam.media.streams import best_video
from vcam.serve.kinds import VIDEO_DEMUXERS, VIDEOS_TAKEN
from vcam.serve.refusal import TOO_LARGE, UNSUPPORTED, UNUSABLE, RefusedError

NAME = "the recording"


def check_demuxer(path: Path, demuxers: str, taken: str) -> Size | None:
    """(width, height) of the video, as the header has it; None if there is no video.

    demuxers  FFmpeg's names of those that may read it: playlists and the like would open other files here
    taken     what is expected, in words

    Raises RefusedError (415) if it is another file.
    """
    options = FILE_OPTIONS | {"format_whitelist": demuxers}
    try:
        with av.open(
            file_address(path), options=options, metadata_errors="replace", timeout=PATIENCE_S
        ) as file:
            stream = best_video(file)
            return None if stream is None else (stream.width, stream.height)
    except (av.FFmpegError, OSError, ValueError):
        raise RefusedError(UNSUPPORTED, f"the body is another kind of file, expected {taken}") from None


def probe(path: Path, most: int) -> Size:
    """The even (width, height) of a recording's frames, upright.

    most  pixels of one

    Raises RefusedError: 415 for another file, 413 if its pictures are too large, 422 if none can be decoded.
    """
    size = check_demuxer(path, VIDEO_DEMUXERS, VIDEOS_TAKEN)
    if size is None:
        raise RefusedError(UNUSABLE, f"{NAME} has no video stream, expected {VIDEOS_TAKEN}")
    if size[0] * size[1] > most:
        found = f"the pictures are {size[0]}x{size[1]}, expected at most {most} pixels"
        raise RefusedError(TOO_LARGE, f"{found}: scale it down first")
    try:
        with Recording(path) as recording:
            return shown_size((recording.first.width, recording.first.height), recording.geometry)
    except VcamError as error:
        raise RefusedError(UNUSABLE, str(error).replace(str(path), NAME)) from None
