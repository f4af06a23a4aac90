"""Tables of PSNR-Y gains by degradation, by content, and by clip."""

from collections.abc import Sequence

from distill.report.markdown import plain, signed, table
from distill.report.summary import grouped, short
from distill.report.view import CALLS, CLEAN, DIM, INPUT, WEBCAM, Contender, View


def main_labels(view: View) -> list[str]:
    """The degradations of the main set, then those of the poor webcam and of the dim room."""
    cameras = [name for name in (WEBCAM, DIM) if name != view.main]
    return [*view.sets[view.main], *(label for name in cameras for label in view.sets.get(name, ()))]


def by_degradation(view: View) -> str:
    """Contender by degradation, on the clips of calls."""
    labels = main_labels(view)

    def row(contender: Contender) -> list[str]:
        return [contender.name, *(signed(view.gain(contender.name, label)) for label in labels)]

    inputs = [_input_psnr(view, label) for label in labels]
    rows = [["*the input itself*", *inputs], *grouped(view, row, len(labels) + 1)]
    return table(["contender", *labels], rows)


def _input_psnr(view: View, label: str) -> str:
    rows = view.rows(INPUT, [label])
    return plain(sum(row.psnr_y for row in rows) / len(rows) if rows else None)


def by_content(view: View) -> str:
    """Contender by content under the main set: calls, then panning stills."""
    contents = view.contents

    def row(contender: Contender) -> list[str]:
        gains = (view.gain(contender.name, view.main, content) for content in contents)
        return [contender.name, *map(signed, gains)]

    clips = {
        content: len({each.clip for each in view.results.rows if each.content == content})
        for content in contents
    }
    header = [f"{content} ({clips[content]})" for content in contents]
    return table(["contender", *header], grouped(view, row, len(contents) + 1))


def by_clip(view: View, contender: str) -> str:
    """Clip by degradation for one contender: PSNR-Y of the input and the gain over it."""
    labels = [label for name, each in view.sets.items() if name != CLEAN for label in each]
    known = {(row.clip, row.degradation): row for row in view.rows(contender, labels, CALLS)}

    def cell(clip: str, label: str) -> str:
        found = known.get((clip, label))
        return f"{plain(found.psnr_y - found.psnr_y_gain, 1)} {signed(found.psnr_y_gain)}" if found else ""

    rows = [[clip, *(cell(clip, label) for label in labels)] for clip in view.clips]
    return table(["clip", *_headings(labels)], rows)


def _headings(labels: Sequence[str]) -> list[str]:
    """Labels of the named degradations shortened to D1, W and L; others are already short."""
    return [short(label) if label[0] in "DWL" else label for label in labels]
