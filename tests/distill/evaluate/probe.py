"""A contender that tells what it was shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from distill.evaluate.contenders import upscale
from vcam.frame import Frame, Size


@dataclass
class Probe:
    """Shows the bicubic picture, counts its frames, and breaks down after `patience` of them."""

    name: str = "probe"
    kind: str = "recipe"
    title: str = "Probe"
    key: str = "probe 1"
    patience: int = 1000
    shown: list[int] = field(default_factory=list)

    def restore(self, seen: Sequence[Frame], size: Size, indices: Sequence[int]) -> Iterator[Frame]:
        for index in indices:
            if len(self.shown) == self.patience:
                raise KeyboardInterrupt
            self.shown.append(index)
            yield upscale(seen[index], size)

    def network_run(self, size: Size) -> None:
        return None

    def note(self, scale: int) -> str:
        return f"x{scale}"
