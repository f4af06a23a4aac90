"""A published student behind its contract: a gauge of damage, and networks mixed for what it says."""

import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vcam.errors import ModelError
from vcam.frame import Plane, Size
from vcam.manifest import MIXTURE, ModelSpec, read_checked
from vcam.restore.adopted import AdoptedEngine
from vcam.restore.cells import ZERO_RESIDUAL, Cells, to_cells, to_strips
from vcam.restore.confidence import CELL as CONFIDENCE_CELL
from vcam.restore.confidence import FIGURES, Confidence, Figures
from vcam.restore.engine import (
    CPU_PROVIDER,
    TENSORRT_PROVIDER,
    Engine,
    gpu_needs,
    open_session,
    providers_of,
    thread_count,
)
from vcam.restore.fusion import CONTEXT
from vcam.restore.network import EngineHealth, Network, Nothing

Shares = npt.NDArray[np.float32]  # (experts,); what they lack of 1 is the share of doing nothing

LEAST_SHARE = 0.05  # of all experts together, below which nothing is done at all
WARM_UP_RUNS = 5
TENSORRT_STEPS = 8  # of a share: each network that it may meet is built once, for seconds to minutes


def does_nothing(shares: Shares) -> bool:
    """Whether a damage of these shares is none: all experts together have next to no share."""
    return float(shares.sum()) < LEAST_SHARE


def on_steps(shares: Shares, steps: int) -> Shares:
    """Shares rounded to about 1/steps, of about the same sum: there are few of them to prepare for."""
    every = np.append(shares, max(0.0, 1 - float(shares.sum())))  # and that of doing nothing
    whole = np.floor(every * steps + 0.5)
    return shares if not whole.any() else (whole / whole.sum()).astype(np.float32)[:-1]


class Model:
    """A loaded student.

    provider   what runs it, by ONNX Runtime's name: the one really in use, not the one asked for
    folder     where its files are
    health     of the engine that it has adopted, or could not; None if it was to have none
    precision  "int8" on the CPU, "fp32" on a GPU
    alike      the network for a damage of which nothing is known

    Raises ModelError if a file is not what the manifest names, cannot be loaded, does not keep the contract
    of ModelSpec, or if a GPU is required and the session does not run on one.
    """

    def __init__(self, spec: ModelSpec, folder: Path, engine: Engine | None = None) -> None:
        engine = engine or Engine()
        self.spec = spec
        self.warm_up_ms = 0.0  # median of the last warm-up, at its size
        self.health: EngineHealth | None = None
        self._adopted: AdoptedEngine | None = None
        self.folder, self._cache = folder, engine.cache
        self._threads, self._providers = thread_count(engine), providers_of(engine)
        self._gauge = self._open_gauge()
        self._confidence = self._open_confidence()
        is_on_cpu = self._providers == [CPU_PROVIDER]
        session = self._load("int8" if is_on_cpu or "fp32" not in spec.files else "fp32")
        if engine.is_gpu_required and self.provider == CPU_PROVIDER:
            raise ModelError(
                "a GPU is required, but ONNX Runtime runs on the CPU here; "
                f"install {gpu_needs()}, or leave require_gpu off"
            )
        if self.provider == CPU_PROVIDER and self._providers != [CPU_PROVIDER]:
            self._providers = [CPU_PROVIDER]  # what was asked for is not there, and is not asked for again
            session = self._load("int8") if "int8" in spec.files else session
        self._check_contract(session)
        self.alike = Network(session, self._reach)

    @property
    def provider(self) -> str:
        engine = self._engine_in_use
        return self._own_provider if engine is None else engine.provider

    @property
    def _engine_in_use(self) -> AdoptedEngine | None:
        return None if self._adopted is None or self._adopted.health.fault else self._adopted

    @property
    def is_on_cpu(self) -> bool:
        """Whether ONNX Runtime's CPU provider runs it, alone or beside an engine."""
        return self._own_provider == CPU_PROVIDER

    @property
    def warm_up_processor_ms(self) -> float:
        """What the last warm-up's run took of all cores at most: its time times its threads; 0 on a GPU."""
        engine = self._engine_in_use
        is_on_cores = self.is_on_cpu if engine is None else engine.is_on_cores
        return self.warm_up_ms * self._threads if is_on_cores else 0.0

    @property
    def threads(self) -> int:
        """Threads of the CPU provider, and of an engine on the CPU."""
        return self._threads

    def adopt(self, engine: AdoptedEngine) -> None:
        """Run networks on another engine from now on, with the CPU provider's beside them."""
        self._adopted, self.health = engine, engine.health
        self.alike = engine.watch(self.alike, self._bound(self.all_alike, 0.0))

    @property
    def all_alike(self) -> Shares:
        """The shares before anything is known of the damage."""
        experts = self.spec.experts
        return np.full(experts, 1 / max(1, experts), np.float32)

    def measure(self, cells: Cells) -> Shares:
        """How a picture (1, h, w, cell*cell) was damaged, as the experts' shares; none without a gauge."""
        if self._gauge is None:
            return self.all_alike
        luma = cells[..., : self.spec.cell**2]
        shares: Shares = self._gauge.run(None, {"strips": to_strips(luma)})[0][0]
        return shares

    @property
    def has_confidence(self) -> bool:
        """Whether it estimates how much of its residuals to add."""
        return self._confidence is not None

    def confidence(self, figures: Figures) -> Confidence:
        """How much of a residual to add in each look, (looks,) in 0..1; all of it without an estimate."""
        if self._confidence is None:
            return np.ones(self.spec.looks, np.float32)
        found: Confidence = self._confidence.run(None, {"figures": figures})[0][0]
        return found

    def network(self, shares: Shares, crispness: float = 0.0) -> Network:
        """The network for a damage.

        shares      as `measure` gives them
        crispness   0 the faithful look, 1 the crisp one, between them their mixture; without effect on a
                    model of one look

        Where all experts together have next to no share, nothing is done.
        Takes some 10 ms on a CPU, and with TensorRT up to minutes where it is not in its cache: for every
        change of the damage, not for every frame, and not between two frames.
        """
        if not self.spec.experts:
            return self.alike
        if does_nothing(shares):
            return Nothing(self.spec.cell**2)
        network = Network(self._open(shares, crispness), self._reach, self._chroma(shares))
        engine = self._engine_in_use
        if engine is None:
            return network
        return engine.watch(network, self._bound(shares, crispness))

    def residual(self, cells: Cells) -> Cells:
        """Run the network for a damage of which nothing is known: what a warm-up and a bench time."""
        return self.alike.residual(cells)

    def cells_of(self, luma: Plane) -> Cells:
        """The cells of a luma plane (H, W) as this model takes them: a single frame of unknown noise."""
        cells = to_cells(luma, self.spec.cell)
        if not self.spec.fused:
            return cells
        return np.pad(cells, ((0, 0), (0, 0), (0, 0), (0, CONTEXT)), constant_values=ZERO_RESIDUAL)

    def warm_up(self, size: Size, most_ms: float = math.inf) -> float:
        """Run at the output size until the timings are steady; returns the median milliseconds.

        most_ms  what a run may take: a model that needs twice as long twice is not run any more

        Raises ModelError if it fails, or if what comes out is not the contract's shape and type.
        """
        width, height = size
        cells = self.cells_of(np.full((height, width), ZERO_RESIDUAL, np.uint8))
        times = []
        for _ in range(WARM_UP_RUNS):
            start = time.perf_counter()
            try:
                residual = self.residual(cells)
            except Exception as error:  # ONNX Runtime's own exceptions have no common base
                what = f"model {self.spec.name!r} does not run: {error}"
                raise ModelError(f"{what}; run: make distill") from None
            times.append((time.perf_counter() - start) * 1e3)
            if len(times) > 1 and min(times) > 2 * most_ms:
                break
        expected = (*cells.shape[:-1], self.spec.cell**2)
        if residual.shape != expected or residual.dtype != np.uint8:
            raise ModelError(
                f"model {self.spec.name!r} returns {residual.dtype} {residual.shape}, "
                f"expected uint8 {expected}; run: make distill"
            )
        self.warm_up_ms = float(np.median(times))
        return self.warm_up_ms

    @property
    def _reach(self) -> int:
        """Sums of floats depend on how a picture is cut into blocks: only int8 may be computed in part."""
        return self.spec.reach if self.precision == "int8" and self._own_provider == CPU_PROVIDER else 0

    def _chroma(self, shares: Shares) -> float:
        return float(np.dot(shares, self.spec.chroma)) if self.spec.chroma else 0.0

    def _load(self, precision: str) -> Any:
        """Take the file of this precision; returns its session for all shares alike."""
        if precision not in self.spec.files:
            raise ModelError(f"model {self.spec.name!r} has no {precision} file; run: make distill")
        self.precision = precision
        self._content = read_checked(self.folder, self.spec.files[precision])
        session = self._open(self.all_alike)
        self._own_provider: str = session.get_providers()[0]
        return session

    def _open(self, shares: Shares, crispness: float = 0.0) -> Any:
        if TENSORRT_PROVIDER in self._providers:
            shares = on_steps(shares, TENSORRT_STEPS)
        bound = self._bound(shares, crispness)
        return open_session(self._content, self.spec.name, self._threads, self._providers, bound, self._cache)

    def _bound(self, shares: Shares, crispness: float) -> dict[str, Shares]:
        """The values of what the file leaves open, for a damage and a look."""
        if not self.spec.experts:
            return {}
        looks = [shares * (1 - crispness), shares * crispness] if self.spec.looks > 1 else [shares]
        return {MIXTURE: np.concatenate(looks)[None].astype(np.float32)}

    def _open_gauge(self) -> Any:
        if not self.spec.experts:
            return None
        if "gauge" not in self.spec.files:
            raise ModelError(f"model {self.spec.name!r} has no gauge file; run: make distill")
        content = read_checked(self.folder, self.spec.files["gauge"])
        session = open_session(content, f"{self.spec.name} gauge", 1, [CPU_PROVIDER])
        found = session.get_outputs()[0].shape[-1]
        if found != self.spec.experts:
            raise ModelError(
                f"the gauge of model {self.spec.name!r} knows {found} experts, "
                f"expected {self.spec.experts}; run: make distill"
            )
        return session

    def _open_confidence(self) -> Any:
        if "confidence" not in self.spec.files or self.spec.cell != CONFIDENCE_CELL:
            return None
        content = read_checked(self.folder, self.spec.files["confidence"])
        session = open_session(content, f"{self.spec.name} confidence", 1, [CPU_PROVIDER])
        found = [session.get_inputs()[0].shape[-1], session.get_outputs()[0].shape[-1]]
        if found != [FIGURES, self.spec.looks]:
            raise ModelError(
                f"the confidence of model {self.spec.name!r} makes {found[1]} values of {found[0]} figures, "
                f"expected {self.spec.looks} of {FIGURES}; run: make distill"
            )
        return session

    def _check_contract(self, session: Any) -> None:
        channels = self.spec.cell**2 + (CONTEXT if self.spec.fused else 0)
        inputs = [(tensor.name, tensor.type, tensor.shape[-1]) for tensor in session.get_inputs()]
        if inputs != [("cells", "tensor(uint8)", channels)]:
            raise ModelError(
                f"model {self.spec.name!r} takes {inputs}, "
                f"expected cells, uint8, {channels} channels; run: make distill"
            )
