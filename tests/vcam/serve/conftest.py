from collections.abc import Iterator
from pathlib import Path

import pytest
from serve_program import Server
from stand_in import write_weights


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights folder with two tiny models; each brightens a picture."""
    folder = tmp_path_factory.mktemp("weights")
    write_weights(folder, ["still", "other"], residual=138)
    return folder


@pytest.fixture(scope="session")
def server(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server with two workers."""
    with Server(tiny, tmp_path_factory.mktemp("serve")) as server:
        yield server
