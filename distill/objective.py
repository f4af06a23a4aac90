"""What one step of training minimises: pixel losses against the truth, and against gated teachers."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from distill.batches import middle_frames, shown_to
from distill.gates import Gates
from distill.losses.distillation import OUTPUT_LOSSES
from distill.losses.features import FEATURE_LOSSES, FeatureRegression
from distill.losses.pixel import PIXEL_LOSSES
from distill.networks.contract import frames_of, inputs_of, multiple_of, planes_of
from distill.recipe import Recipe
from vcam.errors import ConfigError

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]  # (restored, seen, truth) to a scalar

PERCEPTUAL = "perceptual"  # distill.losses.perceptual.VggPerceptual, which needs weights
REGRESSION = "feature"  # the one distillation loss that has weights of its own
LUMA_OF_RGB = (0.299, 0.587, 0.114)  # BT.601
PROBE_SIDE = 32  # pixels


class Teacher(nn.Module):
    """A trained network that is not trained any more. It may look at more frames than its student.

    planes  of the frames it will be given, where they are not its own kind: luma is grey to a teacher of RGB
    """

    def __init__(self, name: str, network: nn.Module, planes: int | None = None) -> None:
        super().__init__()
        self.name = name
        self.network = network.eval().requires_grad_(False)
        self.frames, self.multiple = frames_of(network), multiple_of(network)
        self.colour = "luma" if (planes or planes_of(network)) == 1 else "rgb"

    @torch.no_grad()
    def forward(self, seen: Tensor) -> Tensor:
        """seen (B, frames*C, H, W) in 0..1; returns the middle frame restored, (B, C, H, W)."""
        if planes_of(self) == planes_of(self.network):
            restored: Tensor = self.network(seen)
            return restored
        grey = self.network(seen.repeat_interleave(3, dim=1))  # (B, 3, H, W)
        weights = torch.tensor(LUMA_OF_RGB, device=grey.device).view(1, 3, 1, 1)
        return (grey * weights).sum(1, keepdim=True)


class Objective(nn.Module):
    """A student, its losses and its teachers, as one module: (seen, truth, kinds, context) to a loss.

    Teachers and the perceptual loss are frozen and no part of the state dict; without weights that loss is
    left out. The target of a sample is the mean of its teachers' pictures by the shares of `gates`; features
    are those of the first teacher.
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
        self.__dict__["teachers"] = teachers  # kept from nn.Module: not trained, not saved
        self.frames = max(frames_of(network) for network in (student, *teachers))
        self.gates = Gates(len(teachers))
        self.regression = (
            FeatureRegression(_width(student), _width(teachers[0])) if REGRESSION in self.taught_by else None
        )

    def forward(self, seen: Tensor, truth: Tensor, kinds: Tensor, context: Tensor) -> Tensor:
        planes = truth.shape[1]
        shown = middle_frames(seen, 1, planes)
        with Tap(self.student) as tap:
            restored = self.student(shown_to(self.student, seen, context, planes)).float()
        loss = restored.new_zeros(())
        for name, weight in self.losses.items():
            judge = self.perceptual if name == PERCEPTUAL else PIXEL_LOSSES[name]
            loss = loss + weight * judge(restored, shown, truth)
        if self.taught_by:
            loss = loss + self._distil(restored, tap.features, seen, kinds)
        return loss

    def _distil(self, restored: Tensor, features: Tensor, seen: Tensor, kinds: Tensor) -> Tensor:
        shares = self.gates.shares(kinds)  # (teachers, B)
        target, followed = self._ask(seen, shares, restored.shape[1])
        is_taught, follows = shares.sum(0), (shares[0] > 0).float()  # (B,)
        loss = restored.new_zeros(())
        for name, weight in self.taught_by.items():
            if name in OUTPUT_LOSSES:
                loss = loss + weight * OUTPUT_LOSSES[name](restored, target, is_taught)
            elif followed is not None:
                loss = loss + weight * self._compare(name, features, followed, follows)
        return loss

    def _compare(self, name: str, features: Tensor, followed: Tensor, follows: Tensor) -> Tensor:
        if name != REGRESSION:
            return FEATURE_LOSSES[name](features, followed, follows)
        assert self.regression is not None
        found: Tensor = self.regression(features, followed, follows)
        return found

    def _ask(self, seen: Tensor, shares: Tensor, planes: int) -> tuple[Tensor, Tensor | None]:
        """The teachers' mean picture (B, C, H, W), and the first one's features if it is asked at all."""
        target = torch.zeros_like(middle_frames(seen, 1, planes))
        followed = None
        for number, teacher in enumerate(self.teachers):
            if not shares[number].any():
                continue
            with Tap(teacher.network) as tap:
                restored = teacher(middle_frames(seen, teacher.frames, planes)).float()
            target = target + shares[number].view(-1, 1, 1, 1) * restored
            followed = tap.features if number == 0 else followed
        return target, followed


class Tap:
    """Listens to the features that come out of a network's `body` during a `with`."""

    features: Tensor

    def __init__(self, network: nn.Module) -> None:
        self._body = network.get_submodule("body")

    def __enter__(self) -> "Tap":
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
    with Tap(body) as tap:
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
