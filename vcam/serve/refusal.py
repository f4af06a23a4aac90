"""Why a request is not carried out: a sentence and its HTTP status."""

from vcam.errors import VcamError

NOT_FOUND, TOO_SLOW, CONFLICT, TOO_LARGE, UNSUPPORTED, UNUSABLE = 404, 408, 409, 413, 415, 422
TOO_MANY, MISTAKE, UNAVAILABLE = 429, 500, 503


class RefusedError(VcamError):
    """What the client can act on.

    status   of the answer
    retry_s  after how many seconds the same request may be answered; None: never
    """

    def __init__(self, status: int, message: str, retry_s: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_s = retry_s

    def __reduce__(self) -> tuple[type["RefusedError"], tuple[int, str, int | None]]:
        return RefusedError, (self.status, str(self), self.retry_s)
