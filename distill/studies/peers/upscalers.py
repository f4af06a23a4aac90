"""Third-party upscaling networks as contenders, from a folder of their files; their input is the decoded
picture at its own size.

    FSRCNN_x{2,3,4}.pb, ESPCN_x{2,3,4}.pb   frozen TensorFlow graphs, luma
    webcam_espcn_x2.onnx                    RGB 0..1, x2

None of them has a network for degradations that keep the size: their picture is then the bicubic one, with a
note.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx

from distill.evaluate.contenders import (
    Contender,
    Run,
    from_rgb,
    load_graph,
    open_session,
    read_network,
    timing_planes,
    to_rgb,
    upscale,
    with_luma,
)
from distill.studies.peers.frozen import convert_frozen_graph
from vcam.errors import ModelError
from vcam.frame import Frame, Plane, Size, crop_to_aspect, resize
from vcam.manifest import sha256_of

SCALES = (2, 3, 4)
LUMA_PEERS = {"FSRCNN": "FSRCNN (Dong 2016)", "ESPCN": "ESPCN (Shi 2016)"}
WEBCAM_FILE = "webcam_espcn_x2.onnx"
BLACK, RANGE = 16.0, 219.0  # of limited-range luma
NO_NETWORK = "no x1 network: the bicubic picture"


def nearest_scale(seen: Size, size: Size) -> int:
    """The scale from `seen` to `size`, rounded; at least 1."""
    return max(1, round(size[0] / seen[0]))


class LumaPeer:
    """Luma networks for several scales; chroma is bicubic, as in OpenCV's dnn_superres.

    The networks were trained on full-range luma in 0..1. If the size is not an exact multiple, the result is
    scaled to it by bicubic interpolation; scales without a network use the next larger one.
    """

    kind = "peer"

    def __init__(self, name: str, title: str, paths: Mapping[int, Path], threads: int) -> None:
        contents = {scale: read_network(path) for scale, path in paths.items()}
        self.name, self.title = name, title
        self.key = sha256_of("".join(sha256 for _, sha256 in contents.values()).encode())
        self._sessions = {
            scale: open_session(convert_frozen_graph(content), threads, paths[scale])
            for scale, (content, _) in contents.items()
        }

    def restore(self, seen: Sequence[Frame], size: Size, indices: Sequence[int]) -> Iterator[Frame]:
        for index in indices:
            base = upscale(seen[index], size)
            scale = nearest_scale(seen[index].size, size)
            if scale == 1:
                yield base
                continue
            luma = self._upscale(crop_to_aspect(seen[index], size).y, self._session(scale))
            yield with_luma(base, _fit(luma, size))

    def _session(self, scale: int) -> Any:
        return self._sessions[min((known for known in self._sessions if known >= scale), default=max(SCALES))]

    def _upscale(self, luma: Plane, session: Any) -> Plane:
        full = (luma.astype(np.float32) - BLACK) / RANGE
        restored = session.run(None, {"seen": full[None, None]})[0][0, 0]
        return np.clip(np.rint(restored * RANGE + BLACK), 0, 255).astype(np.uint8)

    def network_run(self, size: Size) -> Run:
        seen = timing_planes(1, size[1] // 2, size[0] // 2)[None]
        return lambda: self._sessions[2].run(None, {"seen": seen})

    def note(self, scale: int) -> str:
        return NO_NETWORK if scale == 1 else ""


class WebcamPeer:
    """The network of a webcam upscaler with a virtual camera: RGB, x2, then bicubic to the size."""

    kind = "peer"
    name = "webcam-ESPCN"
    title = "ESPCN-Realtime-Webcam-Upscaler"

    def __init__(self, path: Path, threads: int) -> None:
        content, self.key = read_network(path)
        self._session = open_session(content, threads, path)
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].shape[1] != 3:
            raise ModelError(f"{path} takes {[each.shape for each in inputs]}, expected one of 3 channels")
        self._input = inputs[0].name

    def restore(self, seen: Sequence[Frame], size: Size, indices: Sequence[int]) -> Iterator[Frame]:
        for index in indices:
            frame = crop_to_aspect(seen[index], size)
            is_scaled = nearest_scale(frame.size, size) > 1
            yield resize(self._upscale(frame), size, cv2.INTER_CUBIC) if is_scaled else upscale(frame, size)

    def _upscale(self, frame: Frame) -> Frame:
        return from_rgb(self._session.run(None, {self._input: to_rgb(frame)[None]})[0][0], frame)

    def network_run(self, size: Size) -> Run:
        seen = timing_planes(3, size[1] // 2, size[0] // 2)[None]
        return lambda: self._session.run(None, {self._input: seen})

    def note(self, scale: int) -> str:
        return NO_NETWORK if scale == 1 else "" if scale == 2 else f"x2, then bicubic to x{scale}"


def _fit(luma: Plane, size: Size) -> Plane:
    is_exact = luma.shape == (size[1], size[0])
    return luma if is_exact else cv2.resize(luma, size, interpolation=cv2.INTER_CUBIC)


def peers(folder: Path, threads: int) -> list[Contender]:
    """The peers with files in the folder. Raises ModelError if there are none, or a scale is missing."""
    found: list[Contender] = []
    for name, title in LUMA_PEERS.items():
        paths = {scale: folder / f"{name}_x{scale}.pb" for scale in SCALES}
        if any(path.exists() for path in paths.values()):
            found.append(LumaPeer(name, title, paths, threads))
    if (folder / WEBCAM_FILE).exists():
        found.append(WebcamPeer(folder / WEBCAM_FILE, threads))
    if not found:
        names = ", ".join(f"{name}_x2.pb" for name in LUMA_PEERS)
        raise ModelError(f"no peers in {folder}; expected files such as {names} or {WEBCAM_FILE}")
    return found


def peer_graphs(folder: Path) -> dict[str, onnx.ModelProto]:
    """The peers' x2 networks in the folder as ONNX graphs, by contender name."""
    paths = {name: folder / f"{name}_x2.pb" for name in LUMA_PEERS}
    graphs = {
        name: onnx.load_from_string(convert_frozen_graph(read_network(path)[0]))
        for name, path in paths.items()
        if path.exists()
    }
    webcam = folder / WEBCAM_FILE
    if webcam.exists():
        graphs[WebcamPeer.name] = load_graph(read_network(webcam)[0], webcam)
    return graphs
