"""What the panel's user says of the live picture."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_ends import wait_for
from pydantic import ValidationError
from studio import Studio

from vcam.camera.camera import Camera, CameraOptions
from vcam.camera.parts import make_chain
from vcam.config import load_config
from vcam.control.status import Command
from vcam.errors import VcamError
from vcam.live_opinions import LiveOpinions
from vcam.sinks import NullSink


@pytest.fixture
def opinions(tmp_path: Path) -> LiveOpinions:
    return LiveOpinions(tmp_path / "opinions.jsonl")


@pytest.fixture
def camera(path: Path, opinions: LiveOpinions) -> Iterator[Camera]:
    config = load_config(path)
    options = CameraOptions(opinions=opinions)
    camera = Camera(config, make_chain(config), NullSink(), Studio().make_source, options)
    camera.start()
    wait_for(lambda: camera.status().state == "running")
    yield camera
    camera.stop()


def test_a_judgement_is_kept_with_the_settings_of_the_moment(camera: Camera, opinions: LiveOpinions) -> None:
    camera.do(Command(set={"strength": 0.5, "light": 0.25}))
    camera.do(Command(opinion="better"))
    camera.do(Command(set={"strength": 1}))
    camera.do(Command(opinion="worse"))
    first, second = opinions.read()
    assert (first["opinion"], first["strength"], first["size"]) == ("better", 0.5, [128, 96])
    assert first["model"].startswith("still")
    assert (first["picture"]["light"], len(first["model_version"])) == (0.25, 8)
    assert (second["opinion"], second["strength"]) == ("worse", 1)
    assert camera.facts()["opinions"]() == {"counts": {"better": 1, "same": 0, "worse": 1}}


def test_nothing_tells_of_the_source_or_of_folders(camera: Camera, opinions: LiveOpinions) -> None:
    camera.do(Command(opinion="same"))
    text = opinions.path.read_text()
    assert "studio" not in text
    assert "/" not in text.replace("+00:00", "")


def test_all_are_forgotten_when_the_user_says_so(camera: Camera, opinions: LiveOpinions) -> None:
    camera.do(Command(opinion="same"))
    camera.do(Command(forget_opinions=True))
    assert not opinions.path.exists()
    assert camera.facts()["opinions"]() == {"counts": {"better": 0, "same": 0, "worse": 0}}


def test_a_card_is_not_judged(camera: Camera, opinions: LiveOpinions) -> None:
    camera.do(Command(pause=True))
    wait_for(lambda: camera.status().state.startswith("paused"))
    with pytest.raises(VcamError, match="no restored picture to judge: the camera is paused"):
        camera.do(Command(opinion="better"))
    assert opinions.read() == []


def test_a_camera_without_a_place_for_them_says_so(path: Path) -> None:
    config = load_config(path)
    camera = Camera(config, make_chain(config), NullSink(), Studio().make_source)
    with pytest.raises(VcamError, match="keeps no judgements"):
        camera.do(Command(opinion="same"))
    assert camera.facts()["opinions"]() == {"counts": None}


def test_an_opinion_is_one_of_three() -> None:
    with pytest.raises(ValidationError):
        Command(opinion="great")  # type: ignore[arg-type]
