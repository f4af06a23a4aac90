"""The cards of a running camera: what is shown in the place of a picture."""

from copy import copy

from vcam.camera.wishes import draw_closed, picture_of
from vcam.config import Config
from vcam.errors import ConfigError
from vcam.frame import Frame
from vcam.placeholder import placeholder
from vcam.public import public_name, without_folders


class Cards:
    """Draws cards as the configuration has them; `fault` says why the user's own picture is not on them.

    At the start a picture that cannot be used is not an error: our own card is shown, and a warning.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._picture: Frame | None = None
        self.fault = ""
        try:
            self._picture = picture_of(config)
        except ConfigError as error:
            self.fault = str(error)

    def after(self, config: Config) -> "Cards":
        """The cards of another configuration. Raises ConfigError if its picture cannot be used."""
        cards = copy(self)
        if config.card_picture != self._config.card_picture:
            cards._picture, cards.fault = picture_of(config), ""
        cards._config = config
        return cards

    def opening(self) -> Frame:
        return self._draw("Starting", f"Opening {public_name(self._config.source)}")

    def waiting(self, cause: str) -> Frame:
        return self._draw("Waiting for the camera", cause)

    def closed(self, title: str, detail: str) -> Frame:
        return draw_closed(self._config, self._picture, title, detail)

    def _draw(self, title: str, detail: str) -> Frame:
        return placeholder(self._config.size, title, without_folders(detail))
