"""The training objective: losses against the truth, and distillation losses against gated teachers."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from distill.losses.distillation import OUTPUT_LOSSES, RELATIVE
from distill.losses.features import FEATURE_LOSSES, FeatureRegression
from distill.losses.pixel import CAREFUL_MSE, PIXEL_LOSSES
from distill.networks.contract import (
    context_of,
    frames_of,
    inputs_of,
    looks_of,
    multiple_of,
    planes_of,
)
from distill.recipe import Recipe
from distill.training.batches import middle_frames, shown_to
from distill.training.gates import Gates
from vcam.errors import ConfigError

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]  # (restored, seen, truth) to a scalar

PERCEPTUAL = "perceptual"  # distill.studies.perceptual.VggPerceptual, which needs a weights file
REGRESSION = "feature"  # the only distillation loss with trained parameters
LUMA_OF_RGB = (0.299, 0.587, 0.114)  # BT.601
PROBE_SIDE = 32  # pixels
SYMMETRIES = tuple((quarters, is_flipped) for is_flipped in (False, True) for quarters in range(4))


class Teacher(nn.Module):
    """A trained, frozen network. It may take more frames than its student.

    planes        of its input, where they differ from its network's: an RGB network is given luma as grey
    is_symmetric  whether it returns the mean of its network's outputs for the eight flips and rotations

    Source of that mean: the geometric self-ensemble of Lim et al. 2017, arXiv:1707.02921.
    """

    def __init__(
        self, name: str, network: nn.Module, planes: int | None = None, is_symmetric: bool = False
    ) -> None:
        super().__init__()
        self.is_symmetric = is_symmetric
        self.name = name
        self.network = network.eval().requires_grad_(False)
        self.frames, self.multiple = frames_of(network), multiple_of(network)
        self.context = context_of(network)
        self.colour = "luma" if (planes or planes_of(network)) == 1 else "rgb"

    @torch.no_grad()
    def forward(self, seen: Tensor) -> Tensor:
        """seen (B, frames*C + context, H, W) in 0..1; returns the restored middle frame, (B, C, H, W)."""
        if not self.is_symmetric:
            return self._restore(seen)
        total = self._restore(seen)
        for quarters, is_flipped in SYMMETRIES[1:]:
            moved = self._restore(_move(seen, quarters, is_flipped))
            total = total + _move_back(moved, quarters, is_flipped)
        return total / len(SYMMETRIES)

    def _restore(self, seen: Tensor) -> Tensor:
        if planes_of(self) == planes_of(self.network):
            restored: Tensor = self.network(seen)
            return restored
        grey = self.network(seen.repeat_interleave(3, dim=1))  # (B, 3, H, W)
        weights = torch.tensor(LUMA_OF_RGB, device=grey.device).view(1, 3, 1, 1)
        return (grey * weights).sum(1, keepdim=True)


def _move(picture: Tensor, quarters: int, is_flipped: bool) -> Tensor:
    """A picture (B, C, H, W) flipped, then rotated."""
    return torch.rot90(picture.flip(-1) if is_flipped else picture, quarters, (-2, -1))


def _move_back(picture: Tensor, quarters: int, is_flipped: bool) -> Tensor:
    turned = torch.rot90(picture, -quarters, (-2, -1))
    return turned.flip(-1) if is_flipped else turned


class Objective(nn.Module):
    """A student, its losses and its teachers as one module: from the tensors of a batch to a loss.

    Teachers and the perceptual loss are frozen and not part of the state dict; without weights, the
    perceptual loss is left out. The distillation target of a sample is the mean of its teachers' outputs,
    weighted by `gates`; outputs are computed, or read from the batch if the recipe caches them. Feature
    losses use the first teacher only.

    Of a student with two looks, every other sample of a batch trains the crisp one, by losses of its own; the
    others train the faithful one, which alone has teachers.
    """

    teachers: Sequence[Teacher]
    perceptual: Loss

    def __init__(
        self,
        student: nn.Module,
        recipe: Recipe,
        teachers: Sequence[Teacher],
        perceptual: nn.Module | None = None,
    ) -> None:
        super().__init__()
        _check_names(recipe)
        if recipe.distillation.losses and not teachers:
            raise ConfigError(
                f"{recipe.name} has distillation losses and no teacher; name one in [distillation] teachers"
            )
        self.student = student
        self.losses = dict(recipe.losses)
        if perceptual is None:
            self.losses.pop(PERCEPTUAL, None)
        self.looks = looks_of(student)
        if self.looks == 1 and recipe.crisp_losses:
            raise ConfigError(f"{recipe.name} has crisp_losses and one look; set [network] looks = 2")
        self.crisp_losses = recipe.crisp_losses
        self.__dict__["perceptual"] = perceptual
        self.taught_by = recipe.distillation.losses
        self.is_cached = recipe.distillation.cached
        self.__dict__["teachers"] = teachers  # hidden from nn.Module: not trained, not saved
        self.frames = max(frames_of(network) for network in (student, *teachers))
        self.gates = Gates(len(teachers))
        self.regression = (
            FeatureRegression(_width(student), _width(teachers[0])) if REGRESSION in self.taught_by else None
        )

    def forward(self, seen: Tensor, truth: Tensor, kinds: Tensor, context: Tensor, outputs: Tensor) -> Tensor:
        planes = truth.shape[1]
        shown = middle_frames(seen, 1, planes)
        with FeatureHook(self.student) as tap:
            restored = self._restore(shown_to(self.student, seen, context, planes))
        mine, crisp = slice(None, None, self.looks), slice(1, None, 2)
        loss = self._judge(self.losses, restored[mine], shown[mine], truth[mine])
        if self.crisp_losses:
            loss = loss + self._judge(self.crisp_losses, restored[crisp], shown[crisp], truth[crisp])
        if self.taught_by:
            shares = self.gates.shares(kinds[mine])  # (teachers, B/looks)
            target, followed = self._teacher_target(seen[mine], context[mine], outputs[mine], shares, planes)
            before = ((shown[mine] - truth[mine]) ** 2).mean((1, 2, 3))  # (B/looks,)
            loss = loss + self._distil(restored[mine], tap.features[mine], target, followed, shares, before)
        return loss

    def _restore(self, shown: Tensor) -> Tensor:
        """The student's output; with two looks, of both by turns."""
        looks = () if self.looks == 1 else (torch.arange(len(shown), device=shown.device) % 2,)
        restored: Tensor = self.student(shown, *looks)
        return restored.float()

    def _judge(self, losses: Mapping[str, float], restored: Tensor, shown: Tensor, truth: Tensor) -> Tensor:
        """The weighted sum of losses against the truth."""
        loss = restored.new_zeros(())
        for name, weight in losses.items():
            judge = self.perceptual if name == PERCEPTUAL else PIXEL_LOSSES[name]
            loss = loss + weight * judge(restored, shown, truth)
        return loss

    def _distil(
        self,
        restored: Tensor,
        features: Tensor,
        target: Tensor,
        followed: Tensor | None,
        shares: Tensor,
        before: Tensor,
    ) -> Tensor:
        """The distillation losses: against the teachers' mean output, and against the first one's features.

        before  (B,), the squared error of the input
        """
        is_taught, follows = shares.sum(0), (shares[0] > 0).float()  # (B,)
        loss = restored.new_zeros(())
        for name, weight in self.taught_by.items():
            if name in OUTPUT_LOSSES:
                counts = is_taught / (before + CAREFUL_MSE) if name in RELATIVE else is_taught
                loss = loss + weight * OUTPUT_LOSSES[name](restored, target, counts)
            elif followed is not None:
                loss = loss + weight * self._compare(name, features, followed, follows)
        return loss

    def _compare(self, name: str, features: Tensor, followed: Tensor, follows: Tensor) -> Tensor:
        if name != REGRESSION:
            return FEATURE_LOSSES[name](features, followed, follows)
        assert self.regression is not None
        found: Tensor = self.regression(features, followed, follows)
        return found

    def _teacher_target(
        self, seen: Tensor, context: Tensor, outputs: Tensor, shares: Tensor, planes: int
    ) -> tuple[Tensor, Tensor | None]:
        """The teachers' mean output (B, C, H, W), and the first one's features if it is used at all."""
        if self.is_cached:
            return _mean_output(outputs, shares, planes), None
        target = torch.zeros_like(middle_frames(seen, 1, planes))
        followed = None
        for number, teacher in enumerate(self.teachers):
            if not shares[number].any():
                continue
            with FeatureHook(teacher.network) as tap:
                restored = teacher(shown_to(teacher, seen, context, planes)).float()
            target = target + shares[number].view(-1, 1, 1, 1) * restored
            followed = tap.features if number == 0 else followed
        return target, followed


def _mean_output(outputs: Tensor, shares: Tensor, planes: int) -> Tensor:
    """The mean (B, C, H, W) of outputs (B, teachers*C, H, W), weighted by shares (teachers, B)."""
    each = outputs.unflatten(1, (-1, planes))  # (B, teachers, C, H, W)
    return torch.einsum("tb,btchw->bchw", shares, each)


class FeatureHook:
    """Records the output of a network's `body` while entered."""

    features: Tensor

    def __init__(self, network: nn.Module) -> None:
        self._body = network.get_submodule("body")

    def __enter__(self) -> "FeatureHook":
        self._hook = self._body.register_forward_hook(self._keep)
        return self

    def __exit__(self, *error: object) -> None:
        self._hook.remove()

    def _keep(self, module: nn.Module, inputs: object, output: Tensor) -> None:
        self.features = output


@torch.no_grad()
def _width(network: nn.Module) -> int:
    """Number of channels of a network's features."""
    body = network.network if isinstance(network, Teacher) else network
    seen = torch.zeros(1, inputs_of(body), PROBE_SIDE, PROBE_SIDE)
    with FeatureHook(body) as tap:
        body(seen.to(next(body.parameters()).device))
    return tap.features.shape[1]


def _check_names(recipe: Recipe) -> None:
    known: Sequence[tuple[str, Mapping[str, float], Sequence[str]]] = (
        ("[losses]", recipe.losses, [*PIXEL_LOSSES, PERCEPTUAL]),
        ("[crisp_losses]", recipe.crisp_losses, list(PIXEL_LOSSES)),
        ("[distillation] losses", recipe.distillation.losses, [*OUTPUT_LOSSES, *FEATURE_LOSSES, REGRESSION]),
    )
    for where, named, names in known:
        if unknown := sorted(set(named) - set(names)):
            raise ConfigError(f"{where} has no {unknown[0]!r}; choose some of: {', '.join(names)}")
    others = sorted(set(recipe.distillation.losses) - set(OUTPUT_LOSSES))
    if recipe.distillation.cached and others:
        raise ConfigError(
            f"{recipe.name} has the feature loss {others[0]!r}, and only outputs can be cached; "
            f"leave [distillation] cached out, or choose some of: {', '.join(OUTPUT_LOSSES)}"
        )
