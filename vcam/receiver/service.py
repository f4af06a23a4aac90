"""Serves WHIP over HTTPS for as long as somebody holds the other end of our input."""

import asyncio
import os
import socket
import threading
import time
from pathlib import Path
from typing import BinaryIO

import segno
import uvicorn

from vcam.address import WhipAddress
from vcam.control.limits import LimitedProtocol, configure
from vcam.errors import SourceError
from vcam.receiver.app import Whip
from vcam.receiver.certificate import keep_certificate
from vcam.receiver.frame_output import FrameOutput
from vcam.receiver.session import ANY, use_only
from vcam.whip.secrets import read_token

STOP_S = 1
SOMEWHERE = (
    "192.0.2.1",
    9,
)  # of no machine: nothing is sent there, the system only says by which way it would be


class PhoneProtocol(LimitedProtocol):
    """A connection from the network, which everybody in it can open."""

    most = 32


def receive(address: WhipAddress, folder: Path, held: BinaryIO, stream: BinaryIO) -> None:
    """Receive until `held` ends; frames and words go to `stream`.

    folder  where certificate and token are kept

    Words: {"open": {"url", "code"}} once it answers, `code` being the rows of the QR code, of 0 and 1;
    {"sender": {"address", "since"}} or {"sender": null} whenever that changes.
    Raises SourceError if the port is taken, or the address is not this machine's; VcamError, OSError.
    """
    use_only(address.host)
    certificate = keep_certificate(folder, [shown_host(address.host)])
    token = read_token(folder)
    url = f"https://{shown_host(address.host)}:{address.port}/#{address.name}={token}"
    with listen(address) as port:
        output = FrameOutput(stream)
        whip = Whip(address.name, token, output, lambda sender: output.say({"sender": _describe(sender)}))
        output.say({"open": {"url": url, "code": code_of(url)}})
        try:
            asyncio.run(_serve(whip, port, certificate, held))
        finally:
            output.close()


def listen(address: WhipAddress) -> socket.socket:
    """A listening socket. Raises SourceError."""
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        tcp.bind((address.host, address.port))
        tcp.listen(PhoneProtocol.backlog)
    except OSError as error:
        tcp.close()
        raise SourceError(
            f"cannot listen at {address.host}:{address.port}: {error.strerror}; name another port above 1023,"
            " and an address of this machine"
        ) from None
    return tcp


def shown_host(host: str) -> str:
    """The address by which a phone finds us: of the network with the way out, where it may be any."""
    if host != ANY:
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        try:
            udp.connect(SOMEWHERE)
            return str(udp.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def code_of(url: str) -> list[str]:
    """The QR code as rows of 0 and 1, dark being 1, with the quiet zone around it."""
    return ["".join(map(str, row)) for row in segno.make(url, error="m", micro=False).matrix_iter(border=4)]


def _describe(sender: str) -> dict[str, object] | None:
    return {"address": sender, "since": round(time.time())} if sender else None


async def _serve(whip: Whip, port: socket.socket, certificate: Path, held: BinaryIO) -> None:
    server = uvicorn.Server(configure(whip.app(), PhoneProtocol, STOP_S, certificate))

    def wait_for_end() -> None:
        # not `held.read`: a program that ends while a thread waits in a buffered read aborts
        while os.read(held.fileno(), 4096):
            pass
        server.should_exit = True

    threading.Thread(target=wait_for_end, name="end", daemon=True).start()
    try:
        await server.serve(sockets=[port])
    finally:
        await whip.close()
