"""The page of a camera that runs in the foreground and has no other output."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from vcam.camera.camera import Camera
from vcam.control.app import make_app
from vcam.control.server import ControlServer
from vcam.page.page import open_page
from vcam.v4l2loopback.module import how_to_install


@contextmanager
def show_preview(camera: Camera) -> Iterator[None]:
    """Serve the page, and say where it is. Raises ConfigError if its port is taken."""
    page = open_page(camera, partial(make_app, camera, is_public=True), camera.config.preview_port)
    camera.preview_url = page.url
    with ControlServer([page.listener]):
        print(f"before and after, live: {camera.preview_url}", flush=True)
        print(f"for a virtual camera: {how_to_install()}", flush=True)
        yield
