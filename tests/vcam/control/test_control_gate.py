import asyncio

import httpx
import pytest
from starlette.responses import PlainTextResponse

from vcam.control.gate import TokenGate

TOKEN, PORT = "right-token", 8123
HERE = f"http://127.0.0.1:{PORT}"


def ask(path: str = "/", base: str = HERE, method: str = "GET", **headers: str) -> httpx.Response:
    gate = TokenGate(PlainTextResponse("the picture"), TOKEN, PORT)

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(gate)
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(send())


def test_the_token_opens_and_becomes_a_cookie() -> None:
    answer = ask(f"/?token={TOKEN}")
    assert answer.status_code == 200
    assert answer.headers["set-cookie"] == f"sharpkd-{PORT}={TOKEN}; HttpOnly; SameSite=Strict; Path=/"


def test_the_cookie_opens_without_the_token() -> None:
    answer = ask("/", cookie=f"other=1; sharpkd-{PORT}={TOKEN}")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("path", "cookie"),
    [
        ("/", ""),
        ("/?token=", ""),
        ("/?token=wrong", ""),
        ("/?token=%C3%A4", ""),
        ("/", f"sharpkd-{PORT}=wrong"),
        ("/", f"sharpkd-1={TOKEN}"),
    ],
)
def test_a_wrong_or_missing_token_is_forbidden(path: str, cookie: str) -> None:
    answer = ask(path, cookie=cookie)
    assert answer.status_code == 403
    assert "token" in answer.json()["error"]
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "base", ["http://evil.example:8123", "http://127.0.0.1:80", "http://127.0.0.1.x:8123"]
)
def test_another_host_name_is_forbidden_even_with_the_token(base: str) -> None:
    assert ask(f"/?token={TOKEN}", base).status_code == 403


def test_localhost_is_this_machine() -> None:
    assert ask(f"/?token={TOKEN}", f"http://localhost:{PORT}").status_code == 200


def test_a_page_of_another_local_server_is_forbidden() -> None:
    cookie = f"sharpkd-{PORT}={TOKEN}"
    assert ask("/command", method="POST", cookie=cookie, origin="http://127.0.0.1:3000").status_code == 403
    assert ask("/command", method="POST", cookie=cookie, origin="null").status_code == 403
    assert ask("/command", method="POST", cookie=cookie, origin=HERE).status_code == 200
