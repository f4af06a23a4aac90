"""The server from its start to its end: what it has accepted is answered before it goes."""

import asyncio
import ipaddress
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vcam.control.limits import configure
from vcam.daemon.signals import Flags
from vcam.errors import AlreadyRunningError, ConfigError
from vcam.instance import Instance
from vcam.paths import make_private
from vcam.serve.app import make_app
from vcam.serve.jobs import Jobs
from vcam.serve.limits import Limits
from vcam.serve.metrics import Metrics
from vcam.serve.protocol import ServeProtocol
from vcam.serve.service import Service
from vcam.serve.workers import WorkerOptions, WorkerPool, WorkerProcess

LOOK_S = 0.05
SWEEP_S = 30.0  # between two looks for expired jobs
LAME_S = 0.5  # after a signal: requests that are on their way are still taken
SPARE_S = 5.0  # for answers that clients take slowly


@dataclass(frozen=True)
class ServeOptions:
    """What a server is started with.

    host     address to listen on; any but a loopback address needs a token
    port     0 takes a free one
    folder   of jobs
    token    what requests must carry; empty: nothing
    names    that clients call this machine by, beside its addresses
    workers  processes for pictures; there is one more for recordings
    """

    host: str
    port: int
    folder: Path
    token: str
    names: tuple[str, ...]
    workers: int
    worker: WorkerOptions
    limits: Limits
    version: str


def run_server(options: ServeOptions, flags: Flags, say: Callable[[str], None]) -> None:
    """Serve until a flag says that it is enough.

    say  is given a line for people: where it listens, once it is ready

    Raises ConfigError if the address cannot be used, AlreadyRunningError if another server uses the folder,
    ModelError if no model can be loaded.
    """
    with ExitStack() as stack:
        listener = stack.enter_context(listen(options.host, options.port))
        stack.enter_context(hold(options.folder))
        service = stack.enter_context(make_service(options))
        app = Draining(make_app(service, options.token, options.names, options.version), service)
        asyncio.run(_serve(app, service, listener, flags, say))


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Be the one server that uses a folder. Raises AlreadyRunningError if another one does, VcamError."""
    make_private(folder)
    try:
        with Instance(folder / "lock"):
            yield
    except AlreadyRunningError:
        raise AlreadyRunningError(
            f"another server uses the folder {folder}; stop it, or give this one a folder: --folder DIR"
        ) from None


@contextmanager
def make_service(options: ServeOptions) -> Iterator[Service]:
    """Workers, jobs and metrics, with workers not yet started; all of them end with it."""
    pool = WorkerPool(options.worker, options.workers, options.limits.waiting)
    metrics = Metrics(
        {
            "sharpkd_queue": ("Pictures that wait or are worked on.", lambda: pool.waiting),
            "sharpkd_workers_ready": ("Worker processes that are ready.", lambda: pool.ready),
            "sharpkd_worker_restarts": ("Worker processes that had to be replaced.", lambda: pool.restarts),
            "sharpkd_jobs": ("Recordings that wait or are worked on.", lambda: jobs.waiting),
            "sharpkd_held_bytes": ("Bodies of requests in memory.", lambda: service.held.count),
        }
    )
    jobs = Jobs(
        options.folder / "jobs",
        WorkerProcess(options.worker),
        options.limits,
        lambda state: metrics.videos.labels(state).inc(),
    )
    service = Service(pool, jobs, options.limits, metrics)
    try:
        with jobs:
            yield service
    finally:
        pool.close()


def listen(host: str, port: int) -> socket.socket:
    """A socket that is bound, and not yet listening. Raises ConfigError if the address cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        tcp = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {host}: {error.strerror}; name an address of this machine"
        ) from None
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        tcp.bind(address)
    except OSError as error:
        tcp.close()
        raise ConfigError(
            f"cannot listen on {host}:{port}: {error.strerror}; use a free port: --port N"
        ) from None
    return tcp


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address or name."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Draining:
    """Lets each connection end with its next answer, once the server is ending."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service
        self.active = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_last(message: Message) -> None:
            if message["type"] == "http.response.start" and self._service.is_stopping:
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        self.active += 1
        try:
            await self._app(scope, receive, send_last)
        finally:
            self.active -= 1


async def _serve(
    app: Draining,
    service: Service,
    listener: socket.socket,
    flags: Flags,
    say: Callable[[str], None],
) -> None:
    server = _Server(configure(app, ServeProtocol, int(SPARE_S)))  # Draining has waited for the answers
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    loading = asyncio.create_task(asyncio.to_thread(service.pool.start))
    swept_s = time.monotonic()
    try:
        while not flags.stop.is_set() and not serving.done():
            if loading.done() and server.started and say is not _silent:
                loading.result()  # raises what kept the models from being loaded
                host, port = listener.getsockname()[:2]
                say(f"ready at http://{f'[{host}]' if ':' in host else host}:{port}")
                say = _silent
            if time.monotonic() - swept_s > SWEEP_S:
                swept_s = time.monotonic()
                await asyncio.to_thread(service.jobs.forget_expired)
            await asyncio.sleep(LOOK_S)
    finally:
        await _drain(app, service, server)
        server.should_exit = True
        await serving


async def _drain(app: Draining, service: Service, server: uvicorn.Server) -> None:
    """Answer what is accepted, and tell clients that ask for more to ask elsewhere.

    First new connections end, then those that are there: a request that is on its way on one is answered.
    """
    service.is_stopping = True
    await asyncio.sleep(LAME_S)
    for each in getattr(server, "servers", ()):  # none, if it has not begun to listen
        each.close()
    await asyncio.sleep(LAME_S)
    end_s = time.monotonic() + 2 * service.limits.seconds + SPARE_S
    while app.active and time.monotonic() < end_s:
        await asyncio.sleep(LOOK_S)


def _silent(line: str) -> None:
    """Says nothing: it has been said."""


class _Server(uvicorn.Server):
    """Leaves signals to who started it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
