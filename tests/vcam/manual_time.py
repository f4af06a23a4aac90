"""Time that passes only when a test says so."""


class ManualTime:
    """A clock, and a sleep that moves it; `slept_s` keeps what was slept."""

    def __init__(self, now_ns: int = 5_000_000_000) -> None:
        self.now_ns = now_ns
        self.slept_s: list[float] = []

    def clock(self) -> int:
        return self.now_ns

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.now_ns += round(seconds * 1e9)
