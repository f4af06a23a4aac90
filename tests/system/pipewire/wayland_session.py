"""A Wayland desktop of the test's own: sway without a screen, its portal, and PipeWire to us."""

import itertools
import os
import shutil
import socket
import struct
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import cv2
import numpy as np
from pipewire_session import Session, until

PORTAL = Path("/usr/libexec/xdg-desktop-portal")
BACKEND = Path("/usr/libexec/xdg-desktop-portal-wlr")
PACKAGES = {
    "sway": "sway",
    "swaybg": "swaybg",
    str(PORTAL): "xdg-desktop-portal",
    str(BACKEND): "xdg-desktop-portal-wlr",
}
OUTPUT = "HEADLESS-1"
COLOURS = ((200, 40, 40), (40, 200, 40), (40, 40, 200), (220, 220, 90))  # RGB: top left and right, bottom
CHOICE = f"[screencast]\noutput_name={OUTPUT}\nchooser_type=none\nmax_fps=30\n"
NOBODY = 65534
XRGB8888 = 0x34325258
BUFFER, LINUX_DMABUF = 0, 5  # events of zwlr_screencopy_frame_v1


def missing_desktop() -> str:
    """Why a desktop cannot be started here; empty if it can."""
    packages = [package for tool, package in PACKAGES.items() if shutil.which(tool) is None]
    return f"Run: sudo apt install {' '.join(packages)}" if packages else ""


class Desktop(Session):
    """A session with sway and a portal that shares its one output without a question."""

    def open(self) -> "Desktop":
        super().open()
        self.seat = Path(tempfile.mkdtemp(prefix="sway-"))
        self._draw()
        (self.folder / "xdg-desktop-portal-wlr").mkdir()
        (self.folder / "xdg-desktop-portal-wlr" / "config").write_text(CHOICE)
        self._start_sway()
        self._relay = Relay(self.seat / "wayland-1", self.folder / "relay")
        self.start_backend()
        self.start(str(PORTAL))
        until("the portal", lambda: self._has_owner("org.freedesktop.portal.Desktop"))
        return self

    @property
    def environment(self) -> dict[str, str]:
        """What a program in this session has."""
        return self._environment

    def start_backend(self) -> None:
        """What shares the output."""
        self._environment["WAYLAND_DISPLAY"] = str(self.folder / "relay")
        self.backend = self.start(str(BACKEND))
        until("its part", lambda: self._has_owner("org.freedesktop.impl.portal.desktop.wlr"))

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Have all drawn again and again: sway gives a second reader no picture until something changes."""
        done = threading.Event()

        def draw() -> None:
            for kind in itertools.cycle(("nearest", "linear")):
                if done.wait(0.3):
                    return
                self.sway("output", OUTPUT, "scale_filter", kind)

        thread = threading.Thread(target=draw)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def sway(self, *words: str) -> None:
        assert '"success": true' in self.run("swaymsg", "-s", str(self._sway_socket()), *words)

    def close(self) -> None:
        super().close()
        if hasattr(self, "_relay"):
            self._relay.close()
        if hasattr(self, "seat"):
            shutil.rmtree(self.seat, ignore_errors=True)

    def _draw(self) -> None:
        """The wallpaper: a colour in each quarter."""
        picture = np.zeros((720, 1280, 3), np.uint8)
        for number, (red, green, blue) in enumerate(COLOURS):
            top, left = number // 2 * 360, number % 2 * 640
            picture[top : top + 360, left : left + 640] = blue, green, red
        cv2.imwrite(str(self.seat / "wall.png"), picture)

    def _start_sway(self) -> None:
        config = self.seat / "config"
        config.write_text(
            f"output {OUTPUT} mode 1280x720\noutput {OUTPUT} bg {self.seat}/wall.png stretch\n"
            "seat seat0 hide_cursor 1\nxwayland disable\n"
        )
        command = ["sway", "-c", str(config)]
        if os.getuid() == 0:  # which sway refuses
            for path in (self.seat, *self.seat.iterdir()):
                os.chown(path, NOBODY, NOBODY)
            command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]
        runtime, self._environment["XDG_RUNTIME_DIR"] = self._environment["XDG_RUNTIME_DIR"], str(self.seat)
        self._environment |= {
            "WLR_BACKENDS": "headless",
            "WLR_RENDERER": "pixman",
            "WLR_LIBINPUT_NO_DEVICES": "1",
        }
        self.start(*command)
        self._environment |= {"XDG_RUNTIME_DIR": runtime, "XDG_CURRENT_DESKTOP": "sway"}
        until("sway", lambda: (self.seat / "wayland-1").exists() and any(self.seat.glob("sway-ipc.*")))

    def _sway_socket(self) -> Path:
        return next(self.seat.glob("sway-ipc.*"))

    def _has_owner(self, name: str) -> bool:
        """Whether a program has this name; the bus is asked, which would start one that is asked itself."""
        bus = "org.freedesktop.DBus"
        asked = (f"--dest={bus}", f"/{bus.replace('.', '/')}", f"{bus}.NameHasOwner", f"string:{name}")
        return "boolean true" in self.run("dbus-send", "--session", "--print-reply", *asked)


class Relay:
    """Stands between sway and its portal, and says what xdg-desktop-portal-wlr 0.7.0 waits for.

    That one shares nothing unless a compositor names a format for the GPU's buffers, though it goes on with
    shared memory; without a GPU there is none. So after each format for shared memory comes one more.
    """

    def __init__(self, compositor: Path, path: Path) -> None:
        self._compositor = compositor
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                self._open += [client, server]
                server.connect(str(self._compositor))
                threading.Thread(target=_pump, args=(client, server, False), daemon=True).start()
                threading.Thread(target=_pump, args=(server, client, True), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket, has_events: bool) -> None:
    rest = b""
    with suppress(OSError):
        while True:
            data, descriptors, _, _ = socket.recv_fds(source, 4096, 28)
            if not data:
                break
            if has_events:
                data, rest = _with_formats(rest + data)
            if data or descriptors:
                socket.send_fds(sink, [data], descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


def _with_formats(data: bytes) -> tuple[bytes, bytes]:
    """Whole messages, each buffer's followed by a format for the GPU, and the begin of the next one.

    A message is an object's number, its own length and opcode, and its arguments; `buffer` has format, width,
    height and stride.
    """
    whole = b""
    while len(data) >= 8:
        number, word = struct.unpack_from("=II", data)
        if len(data) < word >> 16:
            break
        message, data = data[: word >> 16], data[word >> 16 :]
        whole += message
        if word == 24 << 16 | BUFFER:
            _, width, height, stride = struct.unpack_from("=4I", message, 8)
            if stride == 4 * width:
                whole += struct.pack("=5I", number, 20 << 16 | LINUX_DMABUF, XRGB8888, width, height)
    return whole, data
