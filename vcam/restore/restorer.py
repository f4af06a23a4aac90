"""The stage itself."""

from dataclasses import replace

from vcam.frame import MAX_OUTPUT, Frame, Size, check_size, crop_to_aspect, resize
from vcam.restore.cells import Cells, add_residual, from_cells, to_cells
from vcam.restore.chroma import StillChroma
from vcam.restore.confidence import Confident
from vcam.restore.fusion import FULL_DEPTH, Fusion
from vcam.restore.model import Model, Network, Shares
from vcam.restore.still import StillCells
from vcam.restore.tuning import Tuning, prepare_beside, prepare_here

LEAST_STRENGTH = 1 / 128  # with less, even the largest residual rounds to nothing


class Restorer:
    """A stage that scales each frame to the output size, adds the student's residual to its luma, and cleans
    its chroma by that luma.

    model      loaded and warm
    size       of the output, (width, height), even, at most 1920x1080 in either orientation
    strength   how much of the residual, and of chroma's change, is added, 0..1; 0 leaves the plain bicubic
               picture
    crispness  0..1: from the faithful look to the crisp one, if the model has it
    denoise    0..1: how deep frames are fused over time, if the model takes that; 0 leaves each by itself
    is_live    another damage's network is opened beside the frames, which go on with the old one until it is
               ready; else frames wait for it, so that the same ones always come out the same

    Frames must come in order: the damage is followed over time, and what stood still is not computed again.
    Raises ValueError if size, strength, crispness or denoise is out of range.
    """

    def __init__(
        self,
        model: Model,
        size: Size,
        strength: float = 1.0,
        crispness: float = 0.0,
        denoise: float = 1.0,
        is_live: bool = False,
    ) -> None:
        check_size(size)
        if max(size) > max(MAX_OUTPUT) or min(size) > min(MAX_OUTPUT):
            raise ValueError(f"output {size[0]}x{size[1]} is larger than 1920x1080")
        self.model = model
        self.size = size
        self.strength = strength
        self._tuning = Tuning(model, prepare=prepare_beside if is_live else prepare_here)
        self._still = StillCells()
        self._confident = Confident(model)
        self._chroma = StillChroma()
        self._fusion = Fusion() if model.spec.fused else None
        self._has_missed_cut = False
        self.denoise = denoise
        self.crispness = crispness

    @property
    def strength(self) -> float:
        return self._strength

    @strength.setter
    def strength(self, value: float) -> None:
        if not 0 <= value <= 1:
            raise ValueError(f"strength {value:g} is outside 0..1")
        self._strength = value

    @property
    def crispness(self) -> float:
        return self._tuning.crispness

    @crispness.setter
    def crispness(self, value: float) -> None:
        if not 0 <= value <= 1:
            raise ValueError(f"crispness {value:g} is outside 0..1")
        self._tuning.crispness = value

    @property
    def denoise(self) -> float:
        return self._denoise

    @denoise.setter
    def denoise(self, value: float) -> None:
        if not 0 <= value <= 1:
            raise ValueError(f"denoise {value:g} is outside 0..1")
        self._denoise = value
        if self._fusion is not None:
            self._fusion.depth = 1 + value * (FULL_DEPTH - 1)

    @property
    def damage(self) -> Shares:
        """How the picture is damaged, as the experts' shares, estimated last."""
        return self._tuning.shares

    @property
    def computed(self) -> float:
        """Share of the last frame that was computed, 0..1: the rest had not changed, or is not added."""
        return self._still.done

    def __call__(self, frame: Frame) -> Frame:
        """Restore a frame of any even size; the result is of the output size."""
        base = resize(crop_to_aspect(frame, self.size), self.size)
        is_new = frame.is_cut or self._has_missed_cut
        is_off = self._strength == 0
        self._has_missed_cut = is_new and is_off
        if is_off:
            return base
        fused, cells = self._fuse(replace(base, is_cut=is_new))
        network = self._tuning.network(cells, frame.size, is_new)
        added, strength = self._residual(network, cells, frame, is_new)
        luma = fused.y
        if added is not None:
            luma = add_residual(luma, from_cells(added, self.model.spec.cell, self.size), strength)
        u, v = self._chroma(luma, fused.u, fused.v, network.chroma * self._strength)
        return replace(fused, y=luma, u=u, v=v, is_cut=frame.is_cut)

    def _residual(
        self, network: Network, cells: Cells, frame: Frame, is_new: bool
    ) -> tuple[Cells | None, float]:
        """What to add to a picture, and how much of it; None if nothing would come of it.

        The network then runs only for the looks that tell whether it is to be trusted again.

        frame   as it came
        is_new  what was seen before says nothing of it
        """
        added = None
        if self._confident.is_due(network, is_new):
            added = self._still.residual(network, cells)
            # what is cut off does not count
            scale = max(self.size[0] / frame.width, self.size[1] / frame.height)
            self._confident.look(cells, added, scale)
        strength = self._strength * self._confident.share(self.crispness)
        if strength < LEAST_STRENGTH:
            if added is None:
                self._still.skip()
            return None, 0.0
        return added if added is not None else self._still.residual(network, cells), strength

    def _fuse(self, base: Frame) -> tuple[Frame, Cells]:
        """The picture that the residual is added to, and what the network is shown of it."""
        if self._fusion is None:
            return base, to_cells(base.y, self.model.spec.cell)
        fused = self._fusion(base)
        return fused.frame, fused.cells
