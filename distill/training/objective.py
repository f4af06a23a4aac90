"""What one step of training minimises: pixel losses against the truth, and against gated teachers."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from distill.losses.distillation import OUTPUT_LOSSES, RELATIVE
from distill.losses.features import FEATURE_LOSSES, FeatureRegression
from distill.losses.pixel import CAREFUL_MSE, PIXEL_LOSSES
from distill.networks.contract import context_of, frames_of, inputs_of, multiple_of, planes_of
from distill.recipe import Recipe
from distill.training.batches import middle_frames, shown_to
from distill.training.gates import Gates
from vcam.errors import ConfigError

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]  # (restored, seen, truth) to a scalar

PERCEPTUAL = "perceptual"  # distill.studies.perceptual.VggPerceptual, which needs weights
REGRESSION = "feature"  # the one distillation loss that has weights of its own
LUMA_OF_RGB = (0.299, 0.587, 0.114)  # BT.601
PROBE_SIDE = 32  # pixels
SYMMETRIES = tuple((quarters, is_flipped) for is_flipped in (False, True) for quarters in range(4))


class Teacher(nn.Module):
    """A trained network that is not trained any more. It may look at more frames than its student.

    planes        of the frames it will be given, where they are not its own kind: luma is grey to a teacher
                  of RGB
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
        """seen (B, frames*C + context, H, W) in 0..1; returns the middle frame restored, (B, C, H, W)."""
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
    """A picture (B, C, H, W) mirrored, then turned."""
    return torch.rot90(picture.flip(-1) if is_flipped else picture, quarters, (-2, -1))


def _move_back(picture: Tensor, quarters: int, is_flipped: bool) -> Tensor:
    turned = torch.rot90(picture, -quarters, (-2, -1))
    return turned.flip(-1) if is_flipped else turned


class Objective(nn.Module):
    """A student, its losses and its teachers, as one module: a batch's parts to a loss.

    Teachers and the perceptual loss are frozen and no part of the state dict; without weights that loss is
    left out. The target of a sample is the mean of its teachers' pictures by the shares of `gates`, which are
    asked for, or read where a recipe has them cached; features are those of the first teacher.
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
            raise ConfigError(f"{recipe.name} distils from nobody; name a teacher in [distillation] teachers")
        self.student = student
        self.losses = dict(recipe.losses)
        if perceptual is None:
            self.losses.pop(PERCEPTUAL, None)
        self.__dict__["perceptual"] = perceptual
        self.taught_by = recipe.distillation.losses
        self.is_cached = recipe.distillation.cached
        self.__dict__["teachers"] = teachers  # kept from nn.Module: not trained, not saved
        self.frames = max(frames_of(network) for network in (student, *teachers))
        self.gates = Gates(len(teachers))
        self.regression = (
            FeatureRegression(_width(student), _width(teachers[0])) if REGRESSION in self.taught_by else None
        )

    def forward(self, seen: Tensor, truth: Tensor, kinds: Tensor, context: Tensor, outputs: Tensor) -> Tensor:
        planes = truth.shape[1]
        shown = middle_frames(seen, 1, planes)
        with FeatureHook(self.student) as tap:
            restored = self.student(shown_to(self.student, seen, context, planes)).float()
        loss = restored.new_zeros(())
        for name, weight in self.losses.items():
            judge = self.perceptual if name == PERCEPTUAL else PIXEL_LOSSES[name]
            loss = loss + weight * judge(restored, shown, truth)
        if self.taught_by:
            shares = self.gates.shares(kinds)  # (teachers, B)
            target, followed = self._teacher_target(seen, context, outputs, shares, planes)
            before = ((shown - truth) ** 2).mean((1, 2, 3))  # (B,)
            loss = loss + self._distil(restored, tap.features, target, followed, shares, before)
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
        """What the teachers' picture and the first one's features add to the loss.

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
        """The teachers' mean picture (B, C, H, W), and the first one's features if it is asked at all."""
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
    """The mean (B, C, H, W) of the teachers' outputs (B, teachers*C, H, W) by their shares (teachers, B)."""
    each = outputs.unflatten(1, (-1, planes))  # (B, teachers, C, H, W)
    return torch.einsum("tb,btchw->bchw", shares, each)


class FeatureHook:
    """Listens to the features that come out of a network's `body` during a `with`."""

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
    """Channels of a network's features."""
    body = network.network if isinstance(network, Teacher) else network
    seen = torch.zeros(1, inputs_of(body), PROBE_SIDE, PROBE_SIDE)
    with FeatureHook(body) as tap:
        body(seen.to(next(body.parameters()).device))
    return tap.features.shape[1]


def _check_names(recipe: Recipe) -> None:
    known: Sequence[tuple[str, Mapping[str, float], Sequence[str]]] = (
        ("[losses]", recipe.losses, [*PIXEL_LOSSES, PERCEPTUAL]),
        ("[distillation] losses", recipe.distillation.losses, [*OUTPUT_LOSSES, *FEATURE_LOSSES, REGRESSION]),
    )
    for where, named, names in known:
        if unknown := sorted(set(named) - set(names)):
            raise ConfigError(f"{where} has no {unknown[0]!r}; choose some of: {', '.join(names)}")
    others = sorted(set(recipe.distillation.losses) - set(OUTPUT_LOSSES))
    if recipe.distillation.cached and others:
        raise ConfigError(
            f"{recipe.name} compares features by {others[0]!r}, and only outputs can be cached; "
            f"leave [distillation] cached out, or choose some of: {', '.join(OUTPUT_LOSSES)}"
        )
