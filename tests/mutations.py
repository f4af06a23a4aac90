"""Break what matters most, one line at a time, and see whether the tests notice.

    .venv/bin/python -m tests.mutations            # all, about ten minutes
    .venv/bin/python -m tests.mutations pause page  # the behaviours whose names hold one of these words

Works on a copy of the tracked files. A mutation is a text that occurs once in the code, and what takes its
place; it names the test modules that should notice, and these must pass without it. The last line counts; the
exit status is 1 if a mutation survived.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copy2

ROOT = Path(__file__).resolve().parent.parent
CODE = ("vcam/**/*.py", "vcam/**/*.js", "distill/**/*.py")
LIMIT_S = 900  # of one mutation's tests: a mutation that makes them hang is noticed, too


@dataclass(frozen=True)
class Mutation:
    behaviour: str
    old: str
    new: str
    tests: str  # names of test modules without "test_" and ".py"; shell patterns


MUTATIONS = (
    # the output goes on, whatever camera, model and output do
    Mutation("output goes on", "shown = result or latest", "shown = result", "output_clock pipeline"),
    Mutation("output goes on", "if delay_s is None:", "if delay_s is not None:", "pipeline_failures"),
    Mutation(
        "output goes on",
        "                self._drop()\n                self._wait(error)\n                return False\n",
        "                raise\n",
        "reconnecting_sink",
    ),
    Mutation("output goes on", "PLACEHOLDER_FPS = 10", "PLACEHOLDER_FPS = 1", "output_clock pipeline*"),
    Mutation(
        "output goes on",
        "owes_cut = result is None and frame.is_cut",
        "owes_cut = False",
        "pipeline pipeline_failures",
    ),
    # a pause hides the picture at once, and nothing from before it is shown after
    Mutation("pause hides", "self._latest, self._is_live = None, True", "self._is_live = True", "pipeline*"),
    Mutation(
        "pause hides",
        "        if self.is_paused:\n            return None\n        return self._frozen",
        "        return self._frozen",
        "pipeline* source_gate camera finish",
    ),
    Mutation(
        "pause hides",
        "self._is_live = False  # at once:",
        "pass  # at once:",
        "pipeline*",
    ),
    Mutation(
        "pause hides", "if result is not None and not self.is_paused:", "if result is not None:", "pipeline*"
    ),
    Mutation(
        "pause hides",
        "closed = PAUSED if self._is_paused else closed",
        "closed = closed or (PAUSED if self._is_paused else None)",
        "source_gate",
    ),
    # never worse than what came in
    Mutation(
        "never worse",
        "add_residual(luma, from_cells(added, self.model.spec.cell, self.size), strength)",
        "luma",
        "golden",
    ),
    Mutation(
        "never worse",
        "np.floor(share * np.abs(residual) + share**STEADINESS / 2)",
        "np.floor(share * np.abs(residual) + 0.5)",
        "restorer",
    ),
    Mutation(
        "never worse",
        "return np.clip(2 - 2 * worst, 0, 1)",
        "return np.ones_like(worst)",
        "fusion",
    ),
    Mutation(
        "never worse",
        "chosen = chosen | (abs(self.means.colours - self._shown_colours) > limits).any(axis=0)",
        "pass",
        "fusion",
    ),
    Mutation("never worse", "if self._handed_on % DETAIL_EVERY == 0:", "if False:", "fusion"),
    Mutation(
        "never worse",
        "is_same = network is self._network and last is not None",
        "is_same = last is not None",
        "still_cells",
    ),
    Mutation("never worse", "        self._take()\n        self._mix(cells)\n", "", "tuning"),
    # colour
    Mutation("colour", "BT601_TAGS = (5, 6)", "BT601_TAGS = (1, 5, 6)", "picture file_source"),
    Mutation(
        "colour",
        "    is_full = picture.color_range == ColorRange.JPEG\n",
        "    is_full = False\n",
        "picture file_source",
    ),
    Mutation(
        "colour",
        "        flat[luma : luma + chroma].reshape(half),\n        flat[luma + chroma :].reshape(half),\n",
        "        flat[luma + chroma :].reshape(half),\n        flat[luma : luma + chroma].reshape(half),\n",
        "frame",
    ),
    Mutation("colour", "np.hstack((before.u, after.u))", "np.hstack((before.v, after.v))", "page_routes"),
    # a model takes another one's place between two frames, whole or not at all
    Mutation("swap", "if found != file.sha256:", "if False:", "manifest"),
    Mutation(
        "swap",
        "return is_still and snapshot != self._tried",
        "return snapshot != self._tried",
        "model_watch",
    ),
    Mutation("swap", "if self.chain.restorer is not old:", "if False:", "chain model_mishaps"),
    Mutation(
        "swap",
        "self.chain, self.is_single = replace(self.chain, restorer=new), False\n",
        "self.is_single = False\n",
        "chain model_mishaps",
    ),
    Mutation("swap", "if self._stages is stages:", "if True:", "pipeline*"),
    # presence: the webcam's light is on only while somebody watches, and always then
    Mutation("presence", "if is_watched is not False:", "if is_watched:", "evidence"),
    Mutation("presence", "CONFIRMATIONS = 2", "CONFIRMATIONS = 0", "evidence"),
    Mutation("presence", "GRACE_S = 5.0", "GRACE_S = 0.0", "evidence presence"),
    Mutation("presence", "self._evidence.begin(None)", "self._evidence.begin(False)", "presence"),
    Mutation("presence", "path == str(node) and pid != own_pid", "path == str(node)", "census"),
    # the device: ours is a v4l2loopback, and never our own source
    Mutation(
        "device",
        'if card.driver != DRIVER:\n            raise SinkError(f"{path} is driven',
        'if False:\n            raise SinkError(f"{path} is driven',
        "loopback_writer",
    ),
    Mutation("device", "if count != frame.nbytes:", "if False:", "loopback_writer"),
    Mutation(
        "device",
        "fault = OURS if is_ours else _find_fault(path, look)",
        "fault = _find_fault(path, look)",
        "capture_devices",
    ),
    # the page: who may see the picture
    Mutation("page access", "if host not in self._hosts or origin", "if origin", "page_gate"),
    Mutation(
        "page access",
        'elif scope["path"] not in self._public:',
        "elif not self._public:",
        "page_gate",
    ),
    Mutation(
        "page access", "                del self._ends_s[ticket]\n", "                pass\n", "tickets"
    ),
    Mutation(
        "page access",
        "for ticket, end_s in self._ends_s.items() if now_s < end_s",
        "for ticket, end_s in self._ends_s.items() if end_s",
        "tickets",
    ),
    Mutation("page script", "Authorization: `Bearer ${session}`", "", "page_script"),
    Mutation("page script", 'history.replaceState(null, "", location.pathname);', "", "page_script"),
    Mutation("page script", "if (!document.hidden) return Promise.resolve();", "return;", "page_script"),
    Mutation(
        "page script",
        "drawImage(pair, side * width, 0,",
        "drawImage(pair, (1 - side) * width, 0,",
        "page_script",
    ),
    Mutation("page script", "pending = { ...pending, ...values };", "pending = values;", "page_script"),
    Mutation("page script", 'find("silent").hidden = misses <', 'find("silent").hidden = 0 <', "page_script"),
    Mutation("page script", 'setText("fps", format(status.fps, 1));', "", "page_script"),
    Mutation(
        "page script",
        'const answer = await send("session", { key });',
        'const answer = await send("session", {});',
        "page_script",
    ),
    Mutation("page script", "change({ [control.dataset.set]: value });", "", "page_script"),
    Mutation(
        "page script",
        "for (const listener of listeners) listener(status, before);",
        "if (before === status) return;",
        "page_script",
    ),
    Mutation("page script", "if (isHeld(control) || control", "if (control", "page_script"),
    # published only if better
    Mutation(
        "publish only if better",
        "not new.psnr_gain > old.psnr_gain",
        "not new.psnr_gain >= old.psnr_gain",
        "gate publish_student",
    ),
    Mutation(
        "publish only if better",
        "if not clean.psnr >= LEAST_CLEAN_DB:",
        "if clean.psnr < LEAST_CLEAN_DB - 1:",
        "gate publish_student",
    ),
    Mutation(
        "publish only if better",
        "if not worst.psnr_gain >= least - ROUNDING_DB:",
        "if worst.psnr_gain < least - ROUNDING_DB:",
        "gate publish_student",
    ),
    Mutation(
        "publish only if better",
        "if not (new.psnr_gain > 0 and new.ssim_gain > 0):",
        "if new.psnr_gain < 0 or new.ssim_gain < 0:",
        "gate publish_student",
    ),
    Mutation(
        "publish only if better",
        "if not lost <= MOST_LOST_DB:",
        "if lost < 0:",
        "gate publish_student",
    ),
    # what a student is judged by was not trained on
    Mutation(
        "held-out split",
        "return tuple(clip for clip in clips if clip not in held), held",
        "return clips, held",
        "media",
    ),
    Mutation(
        "held-out split",
        "return split(media, data.holdout)[1]",
        "return split(media, data.holdout)[0]",
        "publish_student splits",
    ),
    Mutation(
        "held-out split",
        "train = tuple(pair for pair in pairs.complete if pair not in held)",
        "train = pairs.complete",
        "paired",
    ),
    Mutation(
        "held-out split", "int(path.stem) < CELEBA_VALIDATION", "int(path.stem) < CELEBA_TEST", "study_splits"
    ),
)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("words", nargs="*", help="of the behaviours to break; default: all")
    words = parser.parse_args().words
    chosen = [each for each in MUTATIONS if not words or any(word in each.behaviour for word in words)]
    survivors = []
    with tempfile.TemporaryDirectory() as folder:
        tree = copy_tree(Path(folder))
        check_unbroken(tree, chosen)
        for mutation in chosen:
            if fails_where_broken(tree, mutation):
                print(f"caught    {describe(mutation)}", flush=True)
            else:
                survivors.append(mutation)
                print(f"SURVIVED  {describe(mutation)}", flush=True)
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} caught")
    return bool(survivors)


def copy_tree(folder: Path) -> Path:
    """A copy of the files that git knows, as they are now."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            copy2(ROOT / name, folder / name)
    return folder


def check_unbroken(tree: Path, chosen: Sequence[Mutation]) -> None:
    """Exit unless all tests pass on the copy as it is, and every mutation is of one place."""
    for mutation in chosen:
        find(tree, mutation)
    tests = sorted({path for mutation in chosen for path in modules(tree, mutation)})
    print(f"{len(chosen)} mutations, {len(tests)} test modules", flush=True)
    if not passes(tree, tests):
        sys.exit("the tests fail without any mutation")


def fails_where_broken(tree: Path, mutation: Mutation) -> bool:
    with broken(tree, mutation):
        return not passes(tree, modules(tree, mutation))


@contextmanager
def broken(tree: Path, mutation: Mutation) -> Iterator[None]:
    path = find(tree, mutation)
    text = path.read_text()
    path.write_text(text.replace(mutation.old, mutation.new))
    try:
        yield
    finally:
        path.write_text(text)


def find(tree: Path, mutation: Mutation) -> Path:
    """The file with the text to replace, wherever it lies. Exits unless there is one such place."""
    files = {path: path.read_text().count(mutation.old) for code in CODE for path in tree.glob(code)}
    places = [path for path, count in files.items() for _ in range(count)]
    if len(places) != 1:
        sys.exit(f"{len(places)} places hold {mutation.old!r}, expected 1; write the mutation again")
    return places[0]


def modules(tree: Path, mutation: Mutation) -> list[Path]:
    """The test modules of those names that there are. Exits if there is none."""
    names = mutation.tests.split()
    found = sorted({path for name in names for path in tree.glob(f"tests/**/test_{name}.py")})
    if not found:
        sys.exit(f"no test module is named test_{' or test_'.join(names)}; write the mutation again")
    return found


def passes(tree: Path, tests: Sequence[Path]) -> bool:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *map(str, tests)]
    try:
        run = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return False
    if run.returncode not in (0, 1):
        sys.exit(f"pytest could not run (exit {run.returncode}):\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
    return run.returncode == 0


def describe(mutation: Mutation) -> str:
    line = " ".join(mutation.old.split())
    return f"{mutation.behaviour}: {line[:80]}"


if __name__ == "__main__":
    sys.exit(main())
