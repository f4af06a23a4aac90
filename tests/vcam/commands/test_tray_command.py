"""The tray beside a real camera, which does not need it."""

import asyncio
import sys

from fake_panel import PERSONAS, Panel
from program import ROOT, Program


def test_it_starts_the_camera_which_survives_it_and_follows_its_commands(
    session_bus: str, program: Program
) -> None:
    async def story() -> None:
        async with Panel(session_bus, PERSONAS[0]) as panel:
            command = [sys.executable, "-W", "error", "-m", "vcam.cli", "tray"]
            tray = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
            try:
                await panel.until("the state", lambda: panel.has("Start"))
                await panel.click("Start")
                await panel.until("the camera", lambda: panel.has("Live"))
                pid = program.pid
                await panel.click("Pause")
                await panel.until("the pause", lambda: panel.has("Paused"))
                assert program.status()["state"] == "paused"
                await asyncio.to_thread(program.run, "resume")
                await panel.until("the resume", lambda: panel.has("Live"))
            finally:
                tray.kill()
                await tray.wait()
            await panel.until("the icon to vanish", lambda: not panel.properties)
            assert (program.status()["state"], program.pid) == ("running", pid)

    asyncio.run(story())
