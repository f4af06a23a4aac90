#!/usr/bin/env python3
"""Firefox as Playwright drives it: starts it with the arguments given, and stands between the two.

Playwright speaks WebDriver BiDi with a Firefox of channel `moz-firefox`, but sends commands that Debian's
does not have yet. What is in NOT_THERE is answered here, as done; everything else is passed on as it is. Of
the WebSocket protocol (RFC 6455) frames are enough, without extensions.
"""

import asyncio
import functools
import json
import re
import sys
from asyncio import StreamReader, StreamWriter

FIREFOX = "/usr/bin/firefox-esr"
NOT_THERE = (b'"emulation.setMediaFeaturesOverride"',)  # in Firefox 153; colours are preferences instead
LISTENING = re.compile(rb"WebDriver BiDi listening on ws://127\.0\.0\.1:(\d+)")
LONGEST_HEAD = 1 << 16
LONGEST_ANSWERED = 2000  # bytes of a command that is looked into
TEXT_FRAME = 0x81


async def read_frame(reader: StreamReader) -> tuple[bytes, bytes]:
    """A frame as it came, and its payload without the mask."""
    head = await reader.readexactly(2)
    length = head[1] & 0x7F
    if length > 125:
        more = await reader.readexactly(2 if length == 126 else 8)
        head, length = head + more, int.from_bytes(more, "big")
    mask = await reader.readexactly(4 if head[1] & 0x80 else 0)
    body = await reader.readexactly(length)
    if not mask or length > LONGEST_ANSWERED:
        return head + mask + body, body
    return head + mask + body, bytes(byte ^ mask[index % 4] for index, byte in enumerate(body))


def done(command: bytes) -> bytes:
    """The frame that answers a command with success; it is short, so its length is one byte."""
    answer = json.dumps({"type": "success", "id": json.loads(command)["id"], "result": {}}).encode()
    return bytes((TEXT_FRAME, len(answer))) + answer


async def pass_commands(reader: StreamReader, firefox: StreamWriter, client: StreamWriter) -> None:
    while True:
        frame, command = await read_frame(reader)
        if len(command) <= LONGEST_ANSWERED and any(name in command for name in NOT_THERE):
            client.write(done(command))
        else:
            firefox.write(frame)
            await firefox.drain()


async def pass_answers(reader: StreamReader, client: StreamWriter) -> None:
    while True:
        frame, _ = await read_frame(reader)
        client.write(frame)
        await client.drain()


async def connect(port: int, reader: StreamReader, client: StreamWriter) -> None:
    """One connection of Playwright's, until either side ends it."""
    answers, firefox = await asyncio.open_connection("127.0.0.1", port)
    head = await reader.readuntil(b"\r\n\r\n")
    head = re.sub(rb"(?im)^Sec-WebSocket-Extensions:.*\r\n", b"", head)
    firefox.write(re.sub(rb"(?im)^(Host: [^:\r]*):\d+", rb"\g<1>:%d" % port, head))
    client.write(await answers.readuntil(b"\r\n\r\n"))
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(pass_commands(reader, firefox, client))
            group.create_task(pass_answers(answers, client))
    except* (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        firefox.close()
        client.close()


async def run(arguments: list[str]) -> int:
    pipe = asyncio.subprocess.PIPE
    firefox = await asyncio.create_subprocess_exec(FIREFOX, *arguments, stderr=pipe)
    assert firefox.stderr is not None
    async for line in firefox.stderr:
        if found := LISTENING.search(line):
            port = int(found[1])
            passing = functools.partial(connect, port)
            server = await asyncio.start_server(passing, "127.0.0.1", 0, limit=LONGEST_HEAD)
            own = server.sockets[0].getsockname()[1]
            line = line.replace(b":%d" % port, b":%d" % own)
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
    return await firefox.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(run(sys.argv[1:])))
