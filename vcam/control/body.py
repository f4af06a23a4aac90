"""The body of a request, limited in size and time."""

import asyncio

from starlette.requests import Request

from vcam.errors import ConfigError

LONGEST = 65_536  # bytes; all settings at their longest are fewer
PATIENCE_S = 5.0


async def read_body(request: Request) -> bytes:
    """Raises ConfigError if the body is too long, or takes too long."""
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LONGEST:
                    raise ConfigError(f"the request has more than {LONGEST} bytes; send fewer settings")
    except TimeoutError:
        raise ConfigError(f"the request did not come within {PATIENCE_S:g} s; send it at once") from None
    return bytes(body)
