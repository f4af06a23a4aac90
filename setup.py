"""What setup.cfg cannot say: weights/ lies beside the package in a checkout, and inside it once installed."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

WEIGHTS = "weights"


class BuildWithWeights(build_py):
    """Adds weights/ to vcam's package data: found wherever the package is, whichever way it was installed.

    setuptools' own data_files end below sys.prefix, which is not where `pip install --user`, pipx and
    Debian's Python look. The editable install leaves the folder where it is.
    """

    def _get_data_files(self) -> list[tuple[str, str, str, list[str]]]:
        files = sorted(path.name for path in Path(WEIGHTS).glob("*.*"))
        target = str(Path(self.build_lib, "vcam", WEIGHTS))
        return [*super()._get_data_files(), ("vcam", WEIGHTS, target, files)]


setup(cmdclass={"build_py": BuildWithWeights})
