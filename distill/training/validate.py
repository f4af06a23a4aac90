"""Validation on held-out samples during training."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from distill.damage.degradation import DAMAGE_CLASSES
from distill.data.pack import Samples
from distill.losses.pixel import psnr_db
from distill.networks.contract import looks_of
from distill.training.batches import middle_frames, shown_to, to_batch

BATCH = 8
UNDAMAGED_DB = 60.0  # inputs with a PSNR above this count as undamaged


@dataclass(frozen=True)
class Validation:
    """PSNR gains over the degraded input in dB, over the planes that the network restores."""

    gain_db: float  # mean over the damaged samples
    clean_db: float  # mean PSNR of undamaged inputs after restoration; nan if there are none
    by_kind: Sequence[float]  # mean gain of each of DAMAGE_CLASSES; nan for classes without a sample
    crisp_db: float | None = None  # `gain_db` of the crisp look; None for a network of one look

    @property
    def looks_db(self) -> tuple[float, ...]:
        """The gain of each look."""
        return (self.gain_db,) if self.crisp_db is None else (self.gain_db, self.crisp_db)

    def line(self, start: tuple[float, ...] = ()) -> str:
        """For a person: the gains, and by how much they differ from those of the start."""
        names = ("gain", "crisp")
        parts = []
        for number, gain in enumerate(self.looks_db):
            since = f" ({gain - start[number]:+.3f} since the start)" if start else ""
            parts.append(f"{names[number]} {gain:+.3f} dB{since}")
        return f"{', '.join(parts)}, clean {self.clean_db:.1f} dB"


@torch.no_grad()
def validate(network: nn.Module, held: Samples, device: torch.device) -> Validation:
    """Validate a network, each look of it, on the middle frames of held-out clips (N, T, 2, C, S, S)."""
    was_training = network.training
    network.eval()
    before, after, *crisp = _psnrs(network, held, device)
    network.train(was_training)
    gain, is_clean = after - before, before > UNDAMAGED_DB
    kinds = torch.from_numpy(held.kinds.astype(np.int64))
    by_kind = [float(gain[(kinds == kind) & ~is_clean].mean()) for kind in range(len(DAMAGE_CLASSES))]
    crisp_db = float((crisp[0] - before)[~is_clean].mean()) if crisp else None
    return Validation(float(gain[~is_clean].mean()), float(after[is_clean].mean()), by_kind, crisp_db)


def _psnrs(network: nn.Module, held: Samples, device: torch.device) -> list[Tensor]:
    """PSNR of the degraded pictures, then of those restored in each look: (N,) each."""
    found: list[list[Tensor]] = [[] for _ in range(1 + looks_of(network))]
    for start in range(0, len(held.clips), BATCH):
        part = slice(start, start + BATCH)
        batch = to_batch(held.clips[part], held.kinds[part]).to(device)
        planes = batch.truth.shape[1]
        shown = shown_to(network, batch.seen, batch.context, planes)
        pictures = [middle_frames(batch.seen, 1, planes), network(shown).clamp(0, 1)]
        if looks_of(network) > 1:
            pictures.append(network(shown, torch.ones(len(shown), device=device)).clamp(0, 1))
        for psnrs, picture in zip(found, pictures, strict=True):
            psnrs.append(psnr_db(picture, batch.truth).cpu())
    return [torch.cat(psnrs) for psnrs in found]
