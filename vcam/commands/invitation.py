"""How a person gets their phone to send: the page's address in the terminal, as a code to scan."""

from collections.abc import Iterator, Sequence

from vcam.sources.receiver import Receiver


def print_invitation(receiver: Receiver) -> None:
    """Say where the phone's page is, for the eyes of who sits at this terminal: the token is in it."""
    print("to send a phone's picture, scan this code with its camera, accept the certificate, press Start:")
    for line in draw_code(receiver.code):
        print(line)
    print(receiver.url, flush=True)
    if receiver.address.is_loopback:
        print(
            "only programs of this machine can open it; for a phone: --source whip://0.0.0.0:PORT/NAME",
            flush=True,
        )


def draw_code(rows: Sequence[str]) -> Iterator[str]:
    """The rows of a QR code, of 0 and 1 (dark), two in each line of text: only what is light is drawn."""
    lines = [*rows, "0" * len(rows[0])] if rows and len(rows) % 2 else list(rows)
    marks = {("0", "0"): "\u2588", ("0", "1"): "\u2580", ("1", "0"): "\u2584", ("1", "1"): " "}
    for upper, lower in zip(lines[::2], lines[1::2], strict=True):
        yield "".join(marks[pair] for pair in zip(upper, lower, strict=True))
