"""A browser small enough for a test: the real page and its real script, on a clock that the test moves."""

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import quickjs

FAKE = Path(__file__).with_suffix(".js")
IMPORT = re.compile(r'^import (?:\{ (?P<names>[\w, ]+) \} from )?"\./(?P<path>\w+\.js)";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?:async )?(?:function|const|class) (\w+)", re.MULTILINE)
EMPTY = {"meta", "link", "img", "input", "br"}  # elements that have no end


@dataclass(frozen=True)
class Request:
    url: str
    method: str
    headers: Mapping[str, str]
    body: str | None
    cache: str
    timeout: float | None  # ms after which the script gives up

    @property
    def path(self) -> str:
        return self.url.partition("?")[0]

    @property
    def json(self) -> Any:
        return json.loads(self.body or "null")


@dataclass(frozen=True)
class Answer:
    status: int = 200
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Browser:
    """One tab with the page in it.

    panel   the folder of index.html, app.js and the modules that it imports
    answer  to each request; None: it did not get through
    hash    what stands behind the address
    stored  of the tab's session storage; the script changes it
    """

    def __init__(
        self,
        panel: Path,
        answer: Callable[[Request], Answer | None],
        hash: str = "",
        stored: Mapping[str, str] | None = None,
    ) -> None:
        self._answer = answer
        self._context = quickjs.Context()
        self._context.add_callable("answer", self._reply)
        tree, script = _read(panel)
        self._context.eval(f"const tree = {tree}; const stored = {json.dumps(stored or {})};")
        self._context.eval(FAKE.read_text())
        self._context.eval(f"location.hash = {json.dumps(hash)}")
        self._context.eval(
            f"(async () => {{{script}\n}})().catch((error) => browser.errors.push(`${{error}}`))"
        )
        self._settle()

    def advance(self, ms: float) -> None:
        """Let time pass."""
        until = self.get("browser.now") + ms
        while self._context.eval(f"runTimer({until})"):
            self._settle()
        self._settle()

    def get(self, expression: str) -> Any:
        """What an expression of JavaScript is worth."""
        self._settle()
        return json.loads(self._context.eval(f"JSON.stringify({expression}) ?? 'null'"))

    def element(self, id: str, prop: str) -> Any:
        return self.get(f"document.getElementById({json.dumps(id)}).{prop}")

    def text(self, id: str) -> str:
        return self.element(id, "textContent")

    def is_shown(self, id: str) -> bool:
        return not self.element(id, "hidden")

    def set(self, id: str, value: object, event: str = "input") -> None:
        """Move a control, as its user does."""
        found = f"document.getElementById({json.dumps(id)})"
        self.get(f"({found}.value = {json.dumps(value)}, {found}.dispatch({json.dumps(event)}))")

    def dispatch(self, target: str, kind: str, **event: object) -> bool:
        """An event, at an expression; whether the script has prevented what the browser would do."""
        return self.get(f"{target}.dispatch({json.dumps(kind)}, {json.dumps(event)})")

    def asked(self, path: str) -> list[Request]:
        """The requests for a path so far."""
        requests = [Request(**each) for each in self.get("browser.asked")]
        return [each for each in requests if each.path == path]

    def _settle(self) -> None:
        """Run what waits for promises."""
        while self._context.execute_pending_job():
            pass

    def _reply(self, request: str) -> str:
        answer = self._answer(Request(**json.loads(request)))
        return json.dumps(
            answer and {"status": answer.status, "text": answer.text, "headers": dict(answer.headers)}
        )


@functools.cache
def _read(panel: Path) -> tuple[str, str]:
    """The page's elements as JSON, and its script; both are read once for all tabs."""
    page = _Tree()
    page.feed((panel / "index.html").read_text())
    return json.dumps(page.root), bundle(panel / "app.js")


def bundle(entry: Path) -> str:
    """A module and all that it imports as one script: quickjs's binding loads no module from a file.

    Knows what the page uses: `import { a, b } from "./name.js"` or `import "./name.js"` on a line of its
    own, and `export` before a declaration.
    """
    return "".join(_wrapped(entry, set()))


def _wrapped(module: Path, done: set[Path]) -> Iterator[str]:
    """What a module needs, then the module in a function of its own, which returns what it exports."""
    done.add(module)
    text = module.read_text()
    for line in text.splitlines():
        if needed := IMPORT.fullmatch(line):
            path = module.parent / needed["path"]
            if path not in done:
                yield from _wrapped(path, done)
    exports = ", ".join(EXPORT.findall(text))
    text = IMPORT.sub(_taken, text)
    text = EXPORT.sub(lambda found: found[0].removeprefix("export "), text)
    yield f"const {_name(module.name)} = await (async () => {{\n{text}\nreturn {{ {exports} }};\n}})();\n"


def _taken(line: re.Match[str]) -> str:
    return f"const {{ {line['names']} }} = {_name(line['path'])};" if line["names"] else ""


def _name(path: str) -> str:
    return f"module_{Path(path).stem}"


class _Tree(HTMLParser):
    """The page as [tag, attributes, parts], a part being a tree or a text."""

    def __init__(self) -> None:
        super().__init__()
        self.root: list[Any] = ["", {}, []]
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element: list[Any] = [tag, {name: value or "" for name, value in attrs}, []]
        self._open[-1][2].append(element)
        if tag not in EMPTY:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag not in EMPTY:
            assert self._open.pop()[0] == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        if data.strip():
            self._open[-1][2].append(data.strip())
