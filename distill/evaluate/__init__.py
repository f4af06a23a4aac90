"""What a network is worth: pictures restored by it and by others, against the truth."""

from distill.evaluate.degradations import CLEAN, NAMED, SCALED, SETS, WEBCAM
from distill.evaluate.judge import (
    CLEAN_PSNR,
    FIRST_SCORED,
    Row,
    evaluate,
    hold_out,
    read_clips,
    summarise,
    table,
)

__all__ = [
    "CLEAN",
    "CLEAN_PSNR",
    "FIRST_SCORED",
    "NAMED",
    "SCALED",
    "SETS",
    "WEBCAM",
    "Row",
    "evaluate",
    "hold_out",
    "read_clips",
    "summarise",
    "table",
]
