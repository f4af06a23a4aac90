"""The body of a request, limited in bytes and in time, and counted with all others that are held."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from starlette.requests import ClientDisconnect, Request

from vcam.serve.limits import say_bytes
from vcam.serve.refusal import TOO_LARGE, TOO_MANY, TOO_SLOW, UNUSABLE, RefusedError

SILENCE_S = 10.0  # between two parts of a body
GRACE_S = 10.0  # before the rate counts
LEAST_RATE = 16_384  # bytes a second; a slower client would hold its place for hours
LEFT_S = 2.0  # for what a refused client still sends
LEFT_BYTES = 64 * 2**20
RETRY_S = 5


class HeldBytes:
    """How many bytes of bodies are in memory at once.

    most  of them; more are refused
    """

    def __init__(self, most: int) -> None:
        self.count = 0
        self._most = most

    def add(self, count: int) -> None:
        """Raises RefusedError (429) if there is no room for them."""
        if self.count + count > self._most:
            message = f"requests of {say_bytes(self.count)} are held already; send this one again later"
            raise RefusedError(TOO_MANY, message, RETRY_S)
        self.count += count

    @contextmanager
    def part(self) -> Iterator["HeldPart"]:
        """What one request adds; it is let go at the end."""
        part = HeldPart(self)
        try:
            yield part
        finally:
            self.count -= part.count


class HeldPart:
    """The bytes of one request."""

    def __init__(self, held: HeldBytes) -> None:
        self.count = 0
        self._held = held

    def add(self, count: int) -> None:
        self._held.add(count)
        self.count += count


async def read_parts(request: Request, most: int) -> AsyncIterator[bytes]:
    """The body in parts, as they come.

    Raises RefusedError: 413 beyond `most` bytes (at once, if the header says so), 408 from a client that is
    too slow, 422 if the body ends early.
    """
    check_length(request, most)
    clock = asyncio.get_running_loop().time
    began_s, count = clock(), 0
    stream = request.stream().__aiter__()
    while True:
        try:
            async with asyncio.timeout(SILENCE_S):
                part = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            message = f"nothing came for {SILENCE_S:g} s in the middle of the body; send it at once"
            raise RefusedError(TOO_SLOW, message) from None
        except ClientDisconnect:
            raise RefusedError(UNUSABLE, "the body ended early; send all of it") from None
        count += len(part)
        if count > most:
            raise _too_large(f"more than {say_bytes(most)}", most)
        late_s = clock() - began_s - GRACE_S
        if late_s > 0 and count < LEAST_RATE * late_s:
            message = f"the body comes at less than {LEAST_RATE} bytes a second; use a faster connection"
            raise RefusedError(TOO_SLOW, message)
        yield part


async def read_body(request: Request, most: int, held: HeldPart) -> bytes:
    """The whole body. Raises RefusedError as `read_parts` and `HeldBytes.add` do."""
    body = bytearray()
    async for part in read_parts(request, most):
        held.add(len(part))
        body += part
    return bytes(body)


def check_length(request: Request, most: int) -> None:
    """Raise RefusedError (413) if the header announces a body of more than `most` bytes."""
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > most:
        raise _too_large(say_bytes(int(said)), most)


async def let_go(request: Request) -> None:
    """Read on for a moment after a refusal: a client that still sends would see a reset, not the answer."""
    if request.headers.get("expect", "").lower() == "100-continue":
        return  # it waits to be told that it may send
    count = 0
    try:
        async with asyncio.timeout(LEFT_S):
            async for part in request.stream():
                count += len(part)
                if count > LEFT_BYTES:
                    return
    except (TimeoutError, ClientDisconnect, RuntimeError):  # RuntimeError: all of it was read before
        return


def _too_large(found: str, most: int) -> RefusedError:
    return RefusedError(
        TOO_LARGE, f"the body has {found}, expected at most {say_bytes(most)}; send a smaller file"
    )
