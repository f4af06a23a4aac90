"""The camera as the tray reaches it: by the control API, and by `sharpkd` for what takes longer."""

import os
import subprocess
import sys
from collections.abc import Mapping
from functools import partial

from vcam.control.client import ControlClient
from vcam.errors import NotRunningError, VcamError
from vcam.instance import holder
from vcam.paths import Paths
from vcam.request_pool import RequestPool
from vcam.tray.entry import Ask, Run
from vcam.tray.state import Reading

COMMAND_S = 180.0  # a first start builds a GPU's engine
NICE = 10  # of what is asked beside a call
ERROR = "sharpkd: "  # before what a command says on stderr


class CameraLink:
    """Asks without keeping the event loop waiting; a pause waits for no change of a model.

    Each method raises VcamError with a sentence for the user if it comes to nothing, but `read`, which
    returns that.
    """

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._client = ControlClient(paths.socket)
        self._has_answered: int | None = None  # the process that did
        self._reads = RequestPool("readings", 1, 1)
        self._settings = RequestPool("changes of settings", 1, 8)
        self._pauses = RequestPool("pauses", 1, 8)
        self._commands = RequestPool("commands", 2, 8)
        self._questions = RequestPool("questions", 1, 2)

    async def read(self) -> Reading:
        return await self._reads.run(self._read)

    async def ask(self, request: Ask) -> None:
        lane = self._settings if "set" in request.command else self._pauses
        await lane.run(partial(self._client.command, **request.command))

    async def run(self, command: Run, token: str = "") -> str:
        """What `sharpkd` prints. A browser that it opens may raise its window by the token."""
        environment = {**os.environ, **({"XDG_ACTIVATION_TOKEN": token} if token else {})}
        return await self._commands.run(partial(run_program, command.words, environment))

    async def question(self, words: tuple[str, ...]) -> str:
        """What `sharpkd` prints of something that no click waits for."""
        return await self._questions.run(partial(run_program, words, os.environ, NICE))

    def _read(self) -> Reading:
        pid = holder(*self._paths.locks)
        if pid is None:
            return Reading()
        try:
            status = self._client.status()
        except NotRunningError:
            is_running = holder(*self._paths.locks) is not None  # it may just have ended
            return Reading(is_running=is_running, is_silent=pid == self._has_answered)
        except VcamError:  # refused for once, as when it is busy
            return Reading(is_running=True, is_silent=True)
        self._has_answered = pid
        return Reading(status if isinstance(status, dict) else {}, is_running=True)


def run_program(words: tuple[str, ...], environment: Mapping[str, str], nice: int = 0) -> str:
    """Run `sharpkd` to its end, in a session of its own: what it starts outlives the tray.

    Returns its output; a doctor's problem is no failure. Raises VcamError with what it says.
    """
    command = [sys.executable, "-P", "-m", "vcam.cli", *words]
    try:
        done = subprocess.run(
            ["nice", f"-n{nice}", *command] if nice else command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=environment,
            timeout=COMMAND_S,
            start_new_session=True,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise VcamError(f"cannot run sharpkd {' '.join(words)}: {error}") from None
    if done.returncode and not done.stdout:
        lines = done.stderr.strip().splitlines() or [f"{ERROR}ended with code {done.returncode}"]
        raise VcamError(lines[-1].removeprefix(ERROR))
    return done.stdout
