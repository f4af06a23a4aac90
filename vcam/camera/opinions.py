"""What the panel's user says of the live picture: kept with what the picture was made with at that moment."""

from collections.abc import Mapping
from datetime import UTC, datetime

from vcam.control.status import Command, Status
from vcam.errors import VcamError
from vcam.live_opinions import LiveOpinions
from vcam.model_versions import version_of
from vcam.restore import Restorer

PARTS = ("model", "provider", "size", "strength", "crispness", "denoise", "link", "gain_db", "version")


def change_opinions(
    opinions: LiveOpinions | None, command: Command, status: Status, restorer: Restorer | None
) -> None:
    """Keep a judgement, or forget all of them, as the command says.

    restorer  of the picture that is judged; None if it is not restored

    Raises VcamError if there is no restored picture to judge, or if the file cannot be written.
    """
    if opinions is None:
        raise VcamError("this camera keeps no judgements; start one that does: sharpkd start")
    if command.forget_opinions:
        opinions.delete()
    if command.opinion is None:
        return
    if not status.state.startswith("running") or restorer is None:
        raise VcamError(f"there is no restored picture to judge: the camera is {status.state}")
    opinions.note(command.opinion, _moment(status, restorer))


def _moment(status: Status, restorer: Restorer) -> Mapping[str, object]:
    """When it was, the model, and all settings of the picture."""
    known = status.as_json()
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        **{part: known[part] for part in PARTS},
        "model_version": version_of(restorer.model.spec),
        "damage": [round(float(share), 3) for share in restorer.damage],
        "picture": status.picture,
    }
