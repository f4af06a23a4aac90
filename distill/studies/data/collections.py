"""Public data sets that the published systems were trained on, with URLs, sizes and checksums.

Sizes and checksums are from the TensorFlow Datasets catalogue (url_checksums). None of them may be
redistributed with this program; each has its own terms.
"""

import os
import shutil
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from distill.studies.data.cifar import BINARY
from distill.studies.data.download import Remote, download
from vcam.errors import SourceError

DRIVE = "https://drive.usercontent.google.com/download?export=download&confirm=t&id="
ETH = "https://data.vision.ee.ethz.ch/cvl/DIV2K/"


@dataclass(frozen=True)
class Collection:
    """The files of a data set; .zip archives are unpacked, each into a folder of its name."""

    title: str
    home: str
    terms: str
    files: tuple[Remote, ...]


COLLECTIONS = {
    "cifar10": Collection(
        "CIFAR-10, binary version: 60,000 pictures of 32x32",
        "https://www.cs.toronto.edu/~kriz/cifar.html",
        "free to use with a citation of Krizhevsky 2009",
        (
            Remote(
                f"https://www.cs.toronto.edu/~kriz/{BINARY}",
                BINARY,
                170_052_171,
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            ),
        ),
    ),
    "celeba": Collection(
        "CelebA, aligned: 202,599 faces of 178x218",
        "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
        "for non-commercial research only",
        (
            Remote(
                f"{DRIVE}0B7EVK8r0v71pZjFTYXZWM3FlRnM",
                "img_align_celeba.zip",
                1_443_490_838,
                "46fb89443c578308acf364d7d379fe1b9efb793042c0af734b6112e4fd3a8c74",
            ),
            Remote(
                f"{DRIVE}0B7EVK8r0v71pY0NSMzRuSXJEVkk",
                "list_eval_partition.txt",
                2_836_386,
                "fc955bcb3ef8fbdf7d5640d9a8693a8431b5f2ee291a5c1449a1549e7e073fe7",
            ),
        ),
    ),
    "div2k": Collection(
        "DIV2K: 900 photographs of 2K",
        "https://data.vision.ee.ethz.ch/cvl/DIV2K/",
        "for academic research only; the photographs belong to their authors",
        (
            Remote(
                f"{ETH}DIV2K_train_HR.zip",
                "DIV2K_train_HR.zip",
                3_530_603_713,
                "9d0b9c463f6e35b6c62cc6a930ee2224f670b34c1df841a57670f9acf0f6c335",
            ),
            Remote(
                f"{ETH}DIV2K_valid_HR.zip",
                "DIV2K_valid_HR.zip",
                448_993_893,
                "20dd31fd84d777bc1cf5d6b7654a3f569c0aec74458ae094122ad1d0489900fc",
            ),
        ),
    ),
}


def fetch(collection: Collection, folder: Path, log: Callable[[str], None] = print) -> None:
    """Download a data set's files into a folder and unpack them; existing ones are kept.

    Can be resumed. Raises SourceError and SinkError as `download` and `unpack` do.
    """
    log(f"{collection.title}, from {collection.home}; {collection.terms}")
    for remote in collection.files:
        unpacked = folder / Path(remote.name).stem
        if remote.name.endswith(".zip") and unpacked.is_dir():
            log(f"{unpacked} is there already")
            continue
        path = download(remote, folder)
        if path.suffix == ".zip":
            unpack(path, unpacked)
            path.unlink()  # gigabytes that are now in the folder
        log(f"{unpacked if path.suffix == '.zip' else path} is ready")


def unpack(archive: Path, target: Path) -> None:
    """Unpack a zip archive into a folder of its own, which appears when it is complete.

    Raises SourceError if the archive is damaged, or if a member is a link or outside of the folder.
    """
    partial = target.with_name(f"{target.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
            for member in members:
                check_member(member, archive)
            for member in tqdm(members, f"unpacking {archive.name}", unit="file", disable=None):
                opened.extract(member, partial)
    except (zipfile.BadZipFile, EOFError) as error:
        raise SourceError(
            f"{archive} is not a complete zip archive ({error}); remove it and fetch it again"
        ) from None
    os.replace(partial, target)


def check_member(member: zipfile.ZipInfo, archive: Path) -> None:
    """Raise SourceError for a member outside of the target folder, and for links."""
    name = PurePosixPath(member.filename.replace("\\", "/"))
    is_link = stat.S_ISLNK(member.external_attr >> 16)
    if name.is_absolute() or ".." in name.parts or ":" in member.filename or is_link:
        raise SourceError(
            f"{archive} holds {member.filename!r}, which is outside of its folder; nothing was unpacked. "
            "Do not trust this archive"
        )
