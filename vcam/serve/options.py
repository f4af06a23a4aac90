"""The parameters of requests: what is wanted of a picture or a recording."""

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

PictureFormat: TypeAlias = Literal["jpeg", "png", "webp", "avif"]
VideoFormat: TypeAlias = Literal["mp4", "mkv"]
SIZE = r"^[1-9][0-9]{0,3}x[1-9][0-9]{0,3}$"
MODEL = r"^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}$"


class Options(BaseModel):
    """What pictures and recordings have in common. Unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: Annotated[
        str | None,
        Field(
            pattern=SIZE,
            description="WIDTHxHEIGHT, both even, that the result is fitted into, its shape kept; "
            "at most 1920x1080 either way up. Default: twice the input's size, at most 1920x1080.",
            examples=["1280x720"],
        ),
    ] = None
    scale: Annotated[
        float | None,
        Field(gt=0, le=100, description="Times the input's size, instead of `size`.", examples=[2]),
    ] = None
    strength: Annotated[
        float, Field(ge=0, le=1, description="Of the restoration; 0 only scales the picture.")
    ] = 1.0
    crispness: Annotated[float, Field(ge=0, le=1, description="0 the faithful look, 1 the crisp one.")] = 0.0
    model: Annotated[
        str,
        Field(pattern=MODEL, description="A name from `GET /v1/models`, or auto: the best one."),
    ] = "auto"


class PictureOptions(Options):
    """What is wanted of a picture."""

    format: Annotated[
        PictureFormat | None, Field(description="Of the answer. Default: that of the picture sent.")
    ] = None


class VideoOptions(Options):
    """What is wanted of a recording."""

    format: Annotated[VideoFormat, Field(description="Container of the result, with the sound.")] = "mp4"
