"""What a foreground run has cost and delivered, as one JSON object."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path

from vcam.control.status import Status

STATM = Path("/proc/self/statm")


@dataclass(frozen=True)
class Usage:
    """The process at one moment."""

    wall_s: float
    cpu_s: float  # of all threads
    rss_mb: float
    sent: int  # frames given to the sink so far


def read_usage(sent: int) -> Usage:
    return Usage(time.monotonic(), time.process_time(), read_rss_mb(), sent)


def read_rss_mb() -> float:
    """Memory of this process in MB (2**20 bytes); 0.0 where the system does not tell."""
    try:
        pages = int(STATM.read_text().split()[1])
    except OSError:
        return 0.0
    import resource  # Unix, as /proc is

    return round(pages * resource.getpagesize() / 2**20, 1)


def summarise(status: Status, start: Usage, end: Usage) -> dict[str, object]:
    """The numbers of a run. Rates and costs are those from `start`, the first picture, to `end`."""
    seconds = max(end.wall_s - start.wall_s, 1e-9)
    return {
        "frames": status.sent,
        "fresh": status.fresh,
        "seconds": round(seconds, 2),
        "fps": round((end.sent - start.sent) / seconds, 2),
        "age_ms": asdict(status.age_ms),
        "stage_ms": {name: {"p50": ms.p50, "p95": ms.p95} for name, ms in status.stage_ms.items()},
        "drops": dict(status.drops),
        "kbps": status.kbps,
        "cpu_cores": round((end.cpu_s - start.cpu_s) / seconds, 3),
        "rss_mb": {"start": start.rss_mb, "end": end.rss_mb},
        "provider": status.provider,
        "model": status.model,
        "source": status.source,
        "sink": status.sink,
        "size": f"{status.size[0]}x{status.size[1]}",
        "link": status.link,
        "strength": status.strength,
        "crispness": status.crispness,
        "denoise": status.denoise,
    }
