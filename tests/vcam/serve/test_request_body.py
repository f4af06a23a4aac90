"""The body of a request, from clients that send too much, too slowly, or not all of it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.requests import Request

from vcam.serve import body
from vcam.serve.body import HeldBytes, read_body
from vcam.serve.refusal import RefusedError


def request_of(parts: list[bytes | None], length: int | None = None, is_whole: bool = True) -> Request:
    """A request whose body comes in parts; None is a silence without end."""

    async def messages() -> AsyncIterator[dict[str, object]]:
        for part in parts:
            if part is None:
                await asyncio.sleep(60)
            yield {"type": "http.request", "body": part, "more_body": True}
        yield {"type": "http.request" if is_whole else "http.disconnect", "body": b"", "more_body": False}

    source = messages()
    headers = [] if length is None else [(b"content-length", str(length).encode())]
    scope = {"type": "http", "method": "POST", "headers": headers}
    return Request(scope, lambda: anext(source))


def read(request: Request, most: int = 100, held: HeldBytes | None = None) -> bytes:
    with (held or HeldBytes(1000)).part() as part:
        return asyncio.run(read_body(request, most, part))


def status_of(request: Request, held: HeldBytes | None = None) -> int:
    with pytest.raises(RefusedError) as refused:
        read(request, held=held)
    return refused.value.status


def test_the_parts_are_put_together() -> None:
    assert read(request_of([b"ab", b"", b"cd"])) == b"abcd"


def test_too_much_is_refused_by_the_header_and_by_the_bytes() -> None:
    assert status_of(request_of([None], length=101)) == 413
    assert status_of(request_of([b"x" * 60, b"x" * 60])) == 413


def test_a_silence_is_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "SILENCE_S", 0.01)
    assert status_of(request_of([b"x", None])) == 408


def test_a_trickle_is_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "GRACE_S", -1.0)  # as if a second had gone
    assert status_of(request_of([b"x"] * 50)) == 408


def test_a_body_that_ends_early_is_refused() -> None:
    assert status_of(request_of([b"x"], is_whole=False)) == 422


def test_what_all_requests_hold_is_bounded_and_let_go() -> None:
    held = HeldBytes(100)
    with held.part() as other:
        other.add(60)
        assert status_of(request_of([b"x" * 50]), held) == 429
    assert read(request_of([b"x" * 50]), held=held) == b"x" * 50
    assert held.count == 0
