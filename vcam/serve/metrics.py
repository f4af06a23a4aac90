"""What Prometheus reads: counts and times, by route and status; nothing that a client has named."""

import time
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
METHODS = frozenset(("GET", "HEAD", "POST", "DELETE"))
OTHER = "other"

Gauges = Mapping[str, tuple[str, Callable[[], float]]]  # name -> help, and what tells the value now


class Metrics:
    """Counts of this server; asked for as Prometheus's text.

    gauges  what is read when it is asked for
    """

    def __init__(self, gauges: Gauges) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "sharpkd_requests", "Answered requests.", ("route", "method", "status"), registry=self._registry
        )
        self.seconds = Histogram(
            "sharpkd_request_seconds",
            "From the request's header to the end of the answer.",
            ("route",),
            buckets=SECONDS,
            registry=self._registry,
        )
        self.work_seconds = Histogram(
            "sharpkd_work_seconds",
            "A picture in its worker: decoded, restored, encoded.",
            buckets=SECONDS,
            registry=self._registry,
        )
        self.pictures = Counter("sharpkd_pictures", "Restored pictures.", registry=self._registry)
        self.videos = Counter(
            "sharpkd_videos",
            "Recordings that ended, by their last state.",
            ("state",),
            registry=self._registry,
        )
        self._registry.register(_Gauges(gauges))

    def text(self) -> bytes:
        return generate_latest(self._registry)


class _Gauges(Collector):
    def __init__(self, gauges: Gauges) -> None:
        self._gauges = gauges

    def collect(self) -> Iterable[Metric]:
        for name, (words, read) in self._gauges.items():
            yield GaugeMetricFamily(name, words, value=read())


class Measured:
    """Counts and times the requests of an application."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        begin_s, status = time.monotonic(), 0

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        finally:
            # the route as it is written in the program: what a client asked for is in no label
            route = getattr(scope.get("route"), "path", OTHER)
            method = scope["method"] if scope["method"] in METHODS else OTHER
            self._metrics.requests.labels(route, method, str(status or 500)).inc()
            self._metrics.seconds.labels(route).observe(time.monotonic() - begin_s)
        return None
