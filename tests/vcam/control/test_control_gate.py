import asyncio

import httpx
import pytest
from starlette.responses import PlainTextResponse

from vcam.control.gate import TokenGate
from vcam.control.tickets import Tickets

TOKEN, PORT = "right-token", 8123
HERE = f"http://127.0.0.1:{PORT}"


def ask(
    path: str = "/",
    base: str = HERE,
    method: str = "GET",
    tickets: Tickets | None = None,
    **headers: str,
) -> httpx.Response:
    gate = TokenGate(PlainTextResponse("the picture"), TOKEN, PORT, tickets or Tickets())

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


def test_a_ticket_becomes_the_cookie_at_an_address_without_it() -> None:
    tickets = Tickets()
    answer = ask(f"/?ticket={tickets.issue()}", tickets=tickets)
    assert (answer.status_code, answer.headers["location"], answer.text) == (303, "/", "")
    assert answer.headers["set-cookie"] == f"sharpkd-{PORT}={TOKEN}; HttpOnly; SameSite=Strict; Path=/"
    assert answer.headers["cache-control"] == "no-store"


def test_a_ticket_sends_on_to_no_other_server() -> None:
    tickets = Tickets()
    answer = ask(f"{HERE}//evil.example/?ticket={tickets.issue()}", tickets=tickets)
    assert answer.headers["location"] == "/"


def test_a_used_ticket_is_forbidden_and_says_how_to_get_another() -> None:
    tickets = Tickets()
    path = f"/?ticket={tickets.issue()}"
    ask(path, tickets=tickets)
    answer = ask(path, tickets=tickets)
    assert answer.status_code == 403
    assert "sharpkd open" in answer.json()["error"]
    assert "set-cookie" not in answer.headers


def test_a_used_ticket_does_not_shut_out_the_holder_of_the_cookie() -> None:
    assert ask("/?ticket=used", cookie=f"sharpkd-{PORT}={TOKEN}").status_code == 200


def test_the_token_is_no_ticket_and_a_ticket_no_token() -> None:
    tickets = Tickets()
    assert ask(f"/?ticket={TOKEN}", tickets=tickets).status_code == 403
    assert ask(f"/?token={tickets.issue()}", tickets=tickets).status_code == 403


def test_another_host_name_does_not_use_up_a_ticket() -> None:
    tickets = Tickets()
    ticket = tickets.issue()
    assert ask(f"/?ticket={ticket}", "http://evil.example:8123", tickets=tickets).status_code == 403
    assert tickets.take(ticket)
