"""The limits of one connection to the server, which takes and gives large files."""

from vcam.control.limits import LimitedProtocol

WORK_S = 4 * 3600.0  # a recording that comes or goes slowly; bodies and work have limits of their own


class ServeProtocol(LimitedProtocol):
    """A connection that may be slow, but not stand still.

    What is accepted is answered: a new connection takes the place of one that waits for nothing, or ends
    itself.
    """

    most = 512
    backlog = 512
    unread_s = 10.0  # without a byte of an answer taken

    @property
    def _most_unread(self) -> int:
        return self.most

    def _choose_victim(self, others: list[LimitedProtocol]) -> LimitedProtocol:
        idle = [other for other in others if not other._is_working]
        return min(idle, key=LimitedProtocol._worth, default=self)

    def _note_progress(self, unread: int) -> object:
        return unread

    def _limit_s(self, has_unread: bool) -> float:
        return WORK_S if self._is_working and not has_unread else super()._limit_s(has_unread)
