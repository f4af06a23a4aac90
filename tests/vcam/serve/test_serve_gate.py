"""Who may ask the server, by Host, Origin and token."""

import asyncio

import httpx
import pytest
from starlette.responses import PlainTextResponse

from vcam.serve.gate import ServeGate

TOKEN = "a-token-of-many-letters"


def ask(
    path: str = "/v1/models", host: str = "127.0.0.1:8780", token: str = "", **headers: str
) -> httpx.Response:
    gate = ServeGate(PlainTextResponse("fine"), token, ["Photos.Example.org"])
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(gate)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.get(path, headers={"host": host, **named})

    return asyncio.run(send())


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:9",
        "localhost:8780",
        "[::1]:8780",
        "192.0.2.7",
        "photos.example.org",
        "LOCALHOST.",
    ],
)
def test_an_address_and_the_own_names_are_answered(host: str) -> None:
    assert ask(host=host).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8780", "127.0.0.1.evil.example", "localhost:x", "::"]
)
def test_any_other_name_is_refused(host: str) -> None:
    answer = ask(host=host)
    if host == "::":  # an address without a port
        assert answer.status_code == 200
    else:
        assert answer.status_code == 403
        assert "--name HOST" in answer.json()["error"]


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec_fetch_site": "cross-site"}]
)
def test_a_page_of_another_site_is_refused(headers: dict[str, str]) -> None:
    assert ask(**headers).status_code == 403


def test_no_answer_may_be_read_by_another_site() -> None:
    headers = ask(origin="http://127.0.0.1:8780").headers
    assert not any(name.startswith("access-control") for name in headers)
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"]
)
def test_a_wrong_token_is_refused(authorization: str) -> None:
    answer = ask(token=TOKEN, authorization=authorization)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_token_opens_everything() -> None:
    assert ask(token=TOKEN, authorization=f"bearer {TOKEN}").status_code == 200
    assert ask("/metrics", token=TOKEN, authorization=f"Bearer {TOKEN}").status_code == 200


def test_health_and_document_need_no_token() -> None:
    assert ask("/healthz", token=TOKEN).status_code == 200
    assert ask("/openapi.json", token=TOKEN).status_code == 200
    assert ask("/metrics", token=TOKEN).status_code == 401
