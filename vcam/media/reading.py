"""A recording, read packet by packet: its pictures are decoded, its sound is handed on."""

import errno
from collections.abc import Generator, Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.codec.context import Flags
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vcam.conversion.alpha import with_opacity
from vcam.conversion.geometry import Geometry
from vcam.errors import SourceError
from vcam.frame import MAX_SIDE
from vcam.media import orientation
from vcam.media.boxes import find_clean_aperture
from vcam.media.fields import Deinterlacer
from vcam.media.heif import Layout, read_layout
from vcam.media.missing import fill_missing
from vcam.media.odd import is_animated_webp
from vcam.media.opacity import read_opacity
from vcam.media.opening import DECODER_OPTIONS, open_recording
from vcam.media.rate import rate_of
from vcam.media.sound import Sound
from vcam.media.streams import best_video, left_out
from vcam.media.tiles import assemble
from vcam.media.timeline import TIME_STAMPS_JUMP, Timeline
from vcam.media.whole import is_whole_file

MOST_BAD_READS = 100  # in a row, after which the rest of the file counts as unreadable
MOST_BAD_ENDS = 64  # packets that a decoder still holds at the end
DISK_ERRORS = (errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ENXIO, errno.EACCES)
CUT_SHORT = "{} is cut short, and nothing in it can be decoded: get all of it"

# what a copy keeps of the container's words
TAGS = (
    *("title", "artist", "album", "album_artist", "composer", "genre", "date", "year", "track", "comment"),
    *("description", "copyright", "creation_time", "show", "episode_id", "synopsis"),
)


class Recording:
    """An open recording or picture file.

    path        the file
    with_sound  read the sound, too, into `sound`

    Once open: `stream` (the video), `first` (its first picture), `geometry` (how its pictures are to be seen;
    fields are made whole already), `fps`, `sound` (None if it is not wanted, or there is none), `tags` (title
    and the like) and `left_out` (what is not read, in words). While it is read, `damaged` counts the
    packets that could not be decoded, `concealed` the pictures of which the decoder says that it has guessed
    parts (with several threads a few less than there are), and `is_cut_short` says that the file could not
    be read to its end.

    `__enter__` raises SourceError, with a remedy, if there is nothing that can be decoded.
    """

    def __init__(self, path: Path, with_sound: bool = False) -> None:
        self.path = path
        self.damaged = 0
        self.concealed = 0
        self.is_cut_short = False
        self.sound: Sound | None = None
        self._with_sound = with_sound
        self._container: InputContainer | None = None
        self._layout: Layout | None = None
        self._timeline: Timeline | None = None
        self._pictures: Generator[VideoFrame, None, None] | None = None
        self._is_sought = False

    def __enter__(self) -> Self:
        self._container = container = open_file(self.path)
        try:
            self.stream = self._prepare(container)
            self.fps = rate_of(container, self.stream)
            self.tags = {key: container.metadata[key] for key in TAGS if key in container.metadata}
            self.sound = Sound(container) if self._with_sound and container.streams.audio else None
            self._layout = read_layout(self.path)
            self._is_whole = is_whole_file(self.path)
            self.left_out = self._find_left_out(container)
            self._pictures = self._read()
            self.first = self._add_opacity(self._read_first())
            self.geometry = self._find_geometry()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._pictures is not None:
            self._pictures.close()
        container, self._container = self._container, None
        if container is not None:
            container.close()

    @property
    def has_times(self) -> bool:
        """Whether the file knows how long it is, and so can be sought in."""
        return bool(self._container and self._container.duration)

    @property
    def end_s(self) -> Fraction:
        """When the last picture ends, as the container says; 0 where it does not, or joins recordings.

        A container that counts frames says less than its time stamps do.
        """
        stream = self.stream
        is_joined = self._timeline is not None and self._timeline.is_joined
        if is_joined or not (stream.duration and stream.time_base):
            return Fraction(0)
        return ((stream.start_time or 0) + stream.duration) * stream.time_base

    @property
    def _is_jpeg(self) -> bool:
        return self.stream.codec_context.name == "mjpeg"

    def pictures(self) -> Iterator[VideoFrame]:
        """All pictures that can be decoded, in the order shown; once, and again after a seek.

        Raises SourceError, after the pictures that came before it, if the disk fails.
        """
        assert self._pictures is not None
        if not self._is_sought:
            yield self.first
        yield from self._pictures

    def seek(self, moment_s: float) -> None:
        """Go on from the keyframe before a moment of the file's own time.

        Raises av.FFmpegError in a bare stream of packets, which knows no time.
        """
        assert self._container is not None
        assert self._pictures is not None
        self._pictures.close()
        self._container.seek(round(moment_s * av.time_base))
        self._pictures, self._is_sought = self._read(), True

    def _read_first(self) -> VideoFrame:
        assert self._pictures is not None
        picture = next(self._pictures, None)
        if picture is not None:
            if self._is_jpeg and not self._is_whole:
                fill_missing(picture)
            return picture
        if is_animated_webp(self.path):
            raise SourceError(f"{self.path}: this FFmpeg cannot read animated WebP; convert it to GIF or MP4")
        if not self._is_whole:
            raise SourceError(CUT_SHORT.format(self.path))
        if self.stream.width and self.stream.height:
            raise SourceError(f"{self.path} has a video stream, but no picture in it could be decoded")
        limit = f"{MAX_SIDE}x{MAX_SIDE}"
        raise SourceError(f"{self.path} cannot be decoded: it is damaged, or larger than {limit} pixels")

    def _find_left_out(self, container: InputContainer) -> list[str]:
        """What is not read, a sentence each."""
        words = [] if self._layout else left_out(container)
        if self._layout is not None and self._layout.is_animated:
            words.append("the picture is animated, and all but the first one is left out")
        if not self._is_whole:
            made = "grey or left out" if self._is_jpeg else "left out"
            words.append(f"the file is cut short, and what is missing is {made}: get all of it")
        return words

    def _add_opacity(self, picture: VideoFrame) -> VideoFrame:
        """The picture with the opacity that HEIF and AVIF keep beside it, if there is any."""
        if self._layout is None or self._layout.alpha is None:
            return picture
        opacity = read_opacity(self.path, self._layout.alpha)
        if opacity is None:
            self.left_out.append("the transparency cannot be read and is left out")
            return picture
        return with_opacity(picture, opacity)

    def _find_geometry(self) -> Geometry:
        if self._layout is not None:
            layout = self._layout
            return Geometry(layout.shown, is_mirrored=layout.is_mirrored, turn=layout.turn)
        is_mirrored, turn = orientation.of_file(self.path) or orientation.of_picture(self.first)
        aspect = self.stream.sample_aspect_ratio or Fraction(1)
        # with a clean aperture, FFmpeg's aspect may be that of all that is stored in the shown size
        cut, aspect = find_clean_aperture(self.path, self.stream.id) or (None, aspect)
        return Geometry(cut, aspect, is_mirrored, turn)

    def _read(self) -> Generator[VideoFrame, None, None]:
        if self._layout is not None and self._layout.tiles:
            assert self._container is not None
            yield assemble(self._container, self._layout, str(self.path))
            return
        whole = Deinterlacer()
        for picture in self._read_fields():
            yield from whole(picture)
        yield from whole.finish()

    def _read_fields(self) -> Iterator[VideoFrame]:
        failure: SourceError | None = None
        try:
            for packet in self._packets():
                if packet.stream_index == self.stream.index:
                    yield from self._decode(packet)
                elif self.sound is not None:
                    self.sound.take(packet)
        except SourceError as error:  # raised after the pictures that came before it
            failure = error
        yield from self._flush()
        if failure is not None:
            raise failure

    def _prepare(self, container: InputContainer) -> VideoStream:
        stream = best_video(container)
        if stream is None:
            raise SourceError(f"{self.path} has no video stream, expected a video or a picture file")
        check_decoder(stream, str(self.path))
        stream.thread_type = "AUTO"
        stream.codec_context.options = DECODER_OPTIONS
        stream.codec_context.flags |= Flags.unaligned  # else what is cropped at the left may be shown
        return stream

    def _packets(self) -> Iterator[Packet]:
        """Packets of the picture and of the sound if that is wanted; what cannot be read is passed over."""
        assert self._container is not None
        self._timeline = timeline = Timeline(bool(self._container.format.flags & TIME_STAMPS_JUMP))
        wanted = [self.stream, *(self.sound.streams if self.sound else [])]
        bad_reads = 0
        while bad_reads < MOST_BAD_READS:
            try:
                for packet in self._container.demux(*wanted):
                    bad_reads = 0
                    if packet.size:  # an empty one ends its stream: the decoder is told after the last one
                        timeline.place(packet)
                        yield packet
                return
            except (av.FFmpegError, OSError) as error:
                if isinstance(error, av.error.ExitError) or error.errno in DISK_ERRORS:
                    raise SourceError(f"{self.path} cannot be read any further ({reason(error)})") from None
                bad_reads += 1
        self.is_cut_short = True

    def _decode(self, packet: Packet | None) -> list[VideoFrame]:
        """The pictures that come out with a packet; None for those that are still inside."""
        try:
            pictures = self.stream.codec_context.decode(packet)
        except av.error.EOFError:
            return []
        except av.FFmpegError:
            self.damaged += 1
            return []
        for picture in pictures:
            self.concealed += picture.is_corrupt
            if picture.time_base is None:  # what comes out at the end has none
                picture.time_base = self.stream.time_base
        return pictures

    def _flush(self) -> Iterator[VideoFrame]:
        """The pictures that decoder threads still hold, each error standing for one packet."""
        for _ in range(MOST_BAD_ENDS):
            before = self.damaged
            yield from self._decode(None)
            if self.damaged == before:
                return


def check_decoder(stream: VideoStream, name: str) -> None:
    """Raise SourceError unless this FFmpeg has a decoder for the stream."""
    if stream.codec_context is None:  # which its type hint does not say
        raise SourceError(f"{name}: this FFmpeg has no decoder for it; convert it to H.264 first")


def reason(error: Exception) -> str:
    """What went wrong in FFmpeg's words, without the number and the path."""
    return getattr(error, "strerror", None) or str(error)


def moment_s(picture: VideoFrame) -> Fraction | None:
    """When a picture is shown, in seconds by its time stamp; None if it has none."""
    if picture.pts is None or picture.time_base is None:
        return None
    return picture.pts * picture.time_base


def open_file(path: Path) -> InputContainer:
    """Open a recording. Raises SourceError with what is wrong and a remedy."""
    try:
        return open_recording(path)
    except FileNotFoundError:
        raise SourceError(f"no file {path}: check the path") from None
    except IsADirectoryError:
        raise SourceError(f"{path} is a directory, expected a video file: name a file in it") from None
    except PermissionError:
        raise SourceError(f"{path} may not be read by this user: chmod u+r {path}") from None
    except (av.FFmpegError, OSError) as error:
        if isinstance(error, av.FFmpegError) and not is_whole_file(path):  # a regular file, then
            raise SourceError(CUT_SHORT.format(path)) from None
        found = f"{path} is not a video that FFmpeg reads ({reason(error)})"
        raise SourceError(f"{found}: name another file") from None
