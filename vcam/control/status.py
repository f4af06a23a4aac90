"""What a client can read of the daemon, and what it can ask for."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Literal, Self, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from vcam.config import LONGEST_TEXT, ControlValue
from vcam.frame import Size
from vcam.live_opinions import Opinion
from vcam.meter import Percentiles

RestartKey: TypeAlias = Literal["size", "fps", "sink"]  # what a new output may have otherwise
RESTART_KEYS = get_args(RestartKey)
MOST_SETTINGS = 32  # in one command
Key: TypeAlias = Annotated[str, StringConstraints(max_length=220)]  # that of a camera's control has two names
Facts: TypeAlias = Mapping[str, Callable[[], dict[str, object]]]  # what is told, by its name
PresetName: TypeAlias = Annotated[str, StringConstraints(max_length=100, strip_whitespace=True)]
Text: TypeAlias = Annotated[str, StringConstraints(max_length=LONGEST_TEXT)]


@dataclass(frozen=True)
class Status:
    """The daemon at one moment.

    state         starting, running, paused, or one with its cause behind a colon: "paused" (the output is
                  released), "idle" (the source is closed), "waiting for camera", "waiting for output",
                  "pass-through" (the restoration failed), "running without its link"
    fps           frames sent to the sink a second
    age_ms        from capture to publish
    stage_ms      of each stage by its name
    drops         frames by cause: the pipeline's (see Meter), link_skipped and link_lost
    link_kbps     target rate of each link profile
    kbps          what the link really sends; None without a link
    audio_delay_ms  to set in the recording or calling program, so that lips and voice fit
    crispness     of the look; None where the model has one look, or no model runs
    denoise       depth of the fusion over time, as it is set; None where the model has none, or none runs
    unchanged     share of the last picture that was kept, since nothing had moved there; None without a model
    warm_up_ms    one run of the model at the output's size; None where no model runs
    hint          how to get a virtual camera, where there is none
    picture       what is done to the published picture, by the names of the settings
    adjusted      that in words; empty where the picture is shown as it is
    is_frozen     the published picture stays
    gain_db       by how much the picture is nearer to the camera's, while a link is simulated
    watchers      names of the programs that have the virtual camera open, as far as this user may see them
    controls      of cameras, as the configuration sets them at each opening
    cpu_cores     processor time of this process over the last seconds, in cores; None where that is not known
    cpu           the setting: how much of the processor the model may take
    recording     file, seconds and dropped frames of the recording that goes on; None if none does
    started_at    when this output began, seconds since 1970: another one says that it was restarted
    unsaved       names of the settings that their file has otherwise; camera.NAME.CONTROL for a control
    warnings      what is wrong though the camera runs, each with its remedy
    """

    state: str
    provider: str
    model: str
    source: str
    sink: str
    size: Size
    strength: float
    crispness: float | None
    denoise: float | None
    unchanged: float | None
    link: str | None
    link_profiles: tuple[str, ...]
    fps: float
    sent: int
    fresh: int
    age_ms: Percentiles
    stage_ms: Mapping[str, Percentiles]
    drops: Mapping[str, int]
    kbps: float | None
    audio_delay_ms: int
    warm_up_ms: float | None
    uptime_s: float
    pid: int
    version: str
    hint: str
    picture: Mapping[str, object] = field(default_factory=dict)
    adjusted: tuple[str, ...] = ()
    is_frozen: bool = False
    gain_db: float | None = None
    link_kbps: Mapping[str, float] = field(default_factory=dict)
    watchers: tuple[str, ...] = ()
    controls: Mapping[str, Mapping[str, ControlValue]] = field(default_factory=dict)
    preview_url: str = ""
    cpu_cores: float | None = None
    cpu: str = "balanced"
    recording: Mapping[str, object] | None = None
    started_at: float = 0.0
    unsaved: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        return asdict(self)


class PresetChange(BaseModel):
    """What to do with one preset. Unknown keys are refused.

    save    the settings of the picture as they are now, under this name
    use     the preset's settings, at once
    delete  it, for good
    camera  with save: apply it when a camera that this name means is opened; empty: when none is
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    save: PresetName | None = None
    use: PresetName | None = None
    delete: PresetName | None = None
    camera: PresetName | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if sum(name is not None for name in (self.save, self.use, self.delete)) != 1:
            raise ValueError("expected one of save, use and delete")
        if self.camera is not None and self.save is None:
            raise ValueError("camera goes with save")
        return self


class Command(BaseModel):
    """What to change: settings by name, then at most one of the actions. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)

    set: Mapping[Key, Text | float | int | bool] = Field(default_factory=dict, max_length=MOST_SETTINGS)
    pause: bool = False
    release: bool = False  # pause, and give the virtual camera back, too, until the resume
    resume: bool = False
    freeze: bool | None = None  # hold the published picture, or let it go on
    toggle: Literal["pause", "freeze", "mirror"] | None = None  # the opposite of what it is
    preset: PresetChange | None = None
    rollback: Key | None = None  # this model to the version that was replaced last
    record: bool | None = None  # what is published, into a file of its own
    opinion: Opinion | None = None  # how the published picture is, compared with the camera's
    forget_opinions: bool = False  # all of them, before the one that comes with it
    reload: bool = False
    save: bool = False  # all unsaved settings, into their file
    revert: bool = False  # to the settings of the file
    # rebuild the output, with these of its settings
    restart: Mapping[RestartKey, Text | int] | None = None
    stop: bool = False

    @property
    def changes_settings(self) -> bool:
        """Whether it changes what is set, which may load a model."""
        is_asked = self.set or self.reload or self.save or self.revert or self.preset or self.rollback
        return bool(is_asked or self.toggle == "mirror")
