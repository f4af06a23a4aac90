"""From readings to a level: it rises at once, and falls only when nobody can have been there for a while."""

GRACE_S = 5.0  # from the first reading that says so to the fall
CONFIRMATIONS = 2  # readings that have to say so again, until then
CONFIRM_S = 1.0  # from one of them to the next


class Evidence:
    """The level, and what speaks against it. Begins present: what is not known counts as present."""

    def __init__(self) -> None:
        self.is_present = True
        self._doubted_ns: int | None = None
        self._last_ns = 0
        self._confirmations = 0

    def begin(self, is_watched: bool | None) -> None:
        """Take the first reading as it is: nothing is open yet that could be closed under somebody."""
        self.is_present = is_watched is not False

    def note(self, is_watched: bool | None, now_ns: int) -> None:
        """Weigh one reading, None being one that failed; `now_ns` is monotonic.

        A reading that comes more than the grace after the one before, or before it, confirms nothing: the
        machine has slept, or the clock has jumped.
        """
        if is_watched is not False:
            self.is_present, self._doubted_ns = True, None
            return
        if not self.is_present:
            return
        if self._doubted_ns is None or not 0 <= now_ns - self._last_ns <= GRACE_S * 1e9:
            self._doubted_ns, self._confirmations = now_ns, 0
        else:
            self._confirmations += 1
        self._last_ns = now_ns
        if self._confirmations >= CONFIRMATIONS and self._rest_s(now_ns) <= 0:
            self.is_present, self._doubted_ns = False, None

    def again_s(self, now_ns: int) -> float | None:
        """When to read again for the level's sake; None if it is not in doubt."""
        if self._doubted_ns is None:
            return None
        rest_s = self._rest_s(now_ns)
        return min(CONFIRM_S, rest_s) if rest_s > 0 else CONFIRM_S

    def _rest_s(self, now_ns: int) -> float:
        """What is left of the grace."""
        assert self._doubted_ns is not None
        return GRACE_S - (now_ns - self._doubted_ns) / 1e9
