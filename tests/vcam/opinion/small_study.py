"""A study on the disk without pictures, and a browser's requests to it."""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from panel_of_raters import make_study

from vcam.opinion.server import make_app
from vcam.opinion.session import Sessions
from vcam.opinion.study import MEDIA, Study, read_study, write_study

ABOUT = {
    **{"consent": True, "screen": "laptop", "diagonal_in": 14.0, "distance_cm": 60.0, "sight": "normal"},
    **{"colours": "normal", "light": "dim", "window_px": [1280, 720], "pixel_ratio": 1.0},
}


def write_small_study(folder: Path, **changes: Any) -> Path:
    study = replace(make_study(scenes=2, seconds=2.0), **changes)
    (folder / MEDIA).mkdir(parents=True)
    for pair in study.pairs:
        (folder / MEDIA / pair.a).write_bytes(f"a of {pair.id}".encode())
        (folder / MEDIA / pair.b).write_bytes(f"b of {pair.id}, which is longer".encode())
    write_study(folder, study)
    return folder


@dataclass
class Visitor:
    """One browser at a study's page, with a clock of its own."""

    folder: Path
    seed: int = 1
    now_s: float = 100.0
    secret: str = ""
    study: Study = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """The server ends and is started again."""
        self.study = read_study(self.folder)
        self._app = make_app(
            Sessions(self.folder, self.study, lambda: self.now_s, np.random.default_rng(self.seed))
        )

    def ask(self, method: str, path: str, body: Any = None, secret: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.secret if secret is None else secret}"}

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, json=body, headers=headers)

        return asyncio.run(send())

    def join(self, **about: Any) -> dict[str, Any]:
        answer = self.ask("POST", "/join", {"key": self.study.key, "about": ABOUT | about}).json()
        self.secret = answer["secret"]
        return answer

    def rate(self, number: int, score: int, after_s: float = 10.0) -> httpx.Response:
        self.now_s += after_s
        return self.ask("POST", "/rating", {"number": number, "score": score})

    def rate_all(self, trial: dict[str, Any], score: int = 1) -> dict[str, Any]:
        while trial["state"] != "done":
            trial = self.rate(trial["number"], score).json()
        return trial

    def clip(self, number: int, place: int) -> bytes:
        """What a clip's envelope holds."""
        content = self.ask("GET", f"/clip/{number}/{place}").content
        return content[8 : 8 + int.from_bytes(content[:8])]
