import asyncio

import httpx
import pytest
from starlette.responses import PlainTextResponse

from vcam.page.gate import PageGate
from vcam.page.sessions import Sessions

TOKEN, PORT = "right-token", 8123
HERE = f"http://127.0.0.1:{PORT}"
KEY = f"Bearer {TOKEN}"
# what a browser says of a request that another page makes, and of one that opens a page
IMAGE = {"sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
LINK = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


def ask(
    path: str = "/pair.jpg",
    base: str = HERE,
    method: str = "GET",
    sessions: Sessions | None = None,
    **headers: str,
) -> httpx.Response:
    public = frozenset({"/", "/session"})
    known = sessions or Sessions()
    gate = PageGate(
        PlainTextResponse("the picture"), PORT, lambda key: key == TOKEN or known.is_open(key), public
    )
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(gate)
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            return await client.request(method, path, headers=named)

    return asyncio.run(send())


def test_the_token_opens_everything() -> None:
    assert ask(authorization=KEY).status_code == 200
    assert ask(authorization=f"bearer {TOKEN}").status_code == 200


def test_a_session_opens_everything() -> None:
    sessions = Sessions()
    assert ask(sessions=sessions, authorization=f"Bearer {sessions.open()}").status_code == 200


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}"])
def test_a_wrong_or_missing_key_is_forbidden(authorization: str) -> None:
    answer = ask(authorization=authorization)
    assert answer.status_code == 403
    assert "sharpkd open" in answer.json()["error"]


@pytest.mark.parametrize("path", [f"/pair.jpg?token={TOKEN}", f"/command?key={TOKEN}"])
def test_an_address_alone_opens_nothing(path: str) -> None:
    assert ask(path).status_code == 403


@pytest.mark.parametrize("cookie", [f"sharpkd-{PORT}={TOKEN}", f"session={TOKEN}"])
def test_a_cookie_opens_nothing_and_none_is_set(cookie: str) -> None:
    assert ask(cookie=cookie).status_code == 403
    assert "set-cookie" not in ask("/").headers


@pytest.mark.parametrize("cookie", ['"', "a=b; \x01;;=", "{}={}", "x" * 5000, "[a]=1; @=2"])
def test_a_cookie_of_another_port_locks_nobody_out(cookie: str) -> None:
    assert ask(cookie=cookie, authorization=KEY).status_code == 200


def test_the_pages_files_are_everybodys() -> None:
    assert ask("/").status_code == 200
    assert ask("/session", method="POST").status_code == 200
    assert ask("/status.json").status_code == 403


@pytest.mark.parametrize(
    "base", ["http://evil.example:8123", "http://127.0.0.1:80", "http://127.0.0.1.x:8123"]
)
@pytest.mark.parametrize("path", ["/", "/pair.jpg"])
def test_another_host_name_is_forbidden_even_with_the_token(base: str, path: str) -> None:
    assert ask(path, base, authorization=KEY).status_code == 403


def test_localhost_is_this_machine() -> None:
    assert ask(base=f"http://localhost:{PORT}", authorization=KEY).status_code == 200


def test_a_page_of_another_local_server_is_forbidden() -> None:
    for origin, code in (("http://127.0.0.1:3000", 403), ("null", 403), (HERE, 200)):
        assert ask("/command", method="POST", authorization=KEY, origin=origin).status_code == code
        assert ask("/session", method="POST", origin=origin).status_code == code


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_asks_for_is_forbidden(site: str) -> None:
    for path in ("/", "/pair.jpg", "/session"):
        assert ask(path, authorization=KEY, sec_fetch_site=site, **IMAGE).status_code == 403
    assert ask("/pair.jpg", authorization=KEY, sec_fetch_site=site, **LINK).status_code == 403
    assert ask("/", sec_fetch_site=site, **{**LINK, "sec-fetch-dest": "iframe"}).status_code == 403


def test_another_site_may_lead_to_the_page_and_no_further() -> None:
    """As the file of `sharpkd open` does, whose site is none of ours."""
    assert ask("/", sec_fetch_site="cross-site", **LINK).status_code == 200
    assert ask("/pair.jpg", authorization=KEY, sec_fetch_site="same-origin").status_code == 200
    assert ask("/", sec_fetch_site="none", **LINK).status_code == 200


@pytest.mark.parametrize("authorization", ["", KEY])
def test_no_answer_may_be_shown_by_another_site(authorization: str) -> None:
    answer = ask(authorization=authorization)
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/status", "/pair.jpg", "/nowhere"])
def test_who_opens_an_address_without_a_key_reads_words(path: str) -> None:
    answer = ask(path, **LINK, accept="text/html,*/*")
    assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "<pre>sharpkd open</pre>" in answer.text
    assert '<html lang="en">' in answer.text
    assert "no key, or one that has expired" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_who_opens_it_under_another_name_reads_words_too() -> None:
    answer = ask("/", "http://evil.example:8123", accept="text/html")
    assert (answer.status_code, "answers only at 127.0.0.1" in answer.text) == (403, True)


def test_a_program_without_a_key_gets_json() -> None:
    assert "sharpkd open" in ask("/status", accept="*/*").json()["error"]
