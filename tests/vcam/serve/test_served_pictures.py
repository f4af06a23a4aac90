"""The server as its clients see it: real processes, real pictures."""

import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from picture_files import KINDS, exif_block, open_picture, picture, picture_file, srgb_profile
from serve_program import ROOT, Server, is_alive, wait_for

SENTENCE = r"^[^\n]{20,}$"


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_comes_back_sharper(server: Server, kind: str) -> None:
    answer = server.post(picture_file(kind, exif=exif_block(6), icc_profile=srgb_profile()))
    assert answer.status_code == 200, answer.text
    image = open_picture(answer.content)
    assert (image.format, image.size) == (kind.upper(), (96, 128))
    assert image.info["icc_profile"] == srgb_profile()
    assert answer.headers["content-type"] == f"image/{kind}"
    assert (answer.headers["x-model"], answer.headers["x-size"]) == ("still", "96x128")


def test_what_is_asked_for_is_done(server: Server) -> None:
    options = {"format": "webp", "size": "320x240", "strength": 0, "crispness": 1, "model": "other"}
    answer = server.post(picture_file("png"), **options)
    assert (answer.headers["content-type"], answer.headers["x-model"]) == ("image/webp", "other")
    assert open_picture(answer.content).size == (320, 240)


def test_what_is_lost_is_said(server: Server) -> None:
    answer = server.post(picture_file("png", picture("RGBA")), format="jpeg")
    assert answer.headers["x-note"] == "transparent parts are laid on white"


@pytest.mark.parametrize(
    ("content", "params", "status"),
    [
        (b"", {}, 415),
        (b"hello, this is no picture", {}, 415),
        (b"#EXTM3U\nfile:///etc/passwd", {}, 415),
        (picture_file("jpeg")[:400], {}, 422),
        (picture_file("png"), {"strength": "2"}, 422),
        (picture_file("png"), {"strength": "nan"}, 422),
        (picture_file("png"), {"strenght": "1"}, 422),
        (picture_file("png"), {"size": "big"}, 422),
        (picture_file("png"), {"size": "33x33"}, 422),
        (picture_file("png"), {"size": "64x48", "scale": "2"}, 422),
        (picture_file("png"), {"model": "bets"}, 422),
        (picture_file("png"), {"format": "gif"}, 422),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    server: Server, content: bytes, params: dict[str, str], status: int
) -> None:
    answer = server.post(content, **params)
    assert answer.status_code == status
    assert len(answer.json()["error"]) > 20
    assert str(server.folder) not in answer.text


def test_another_content_type_is_refused(server: Server) -> None:
    answer = server.client.post("/v1/sharpen", content=b"x", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


def test_the_server_says_what_it_has(server: Server) -> None:
    assert server.client.get("/healthz").json() == {"status": "ready"}
    models = server.client.get("/v1/models").json()["models"]
    assert [(model["name"], model["is_default"]) for model in models] == [("still", True), ("other", False)]


def test_addresses_that_are_not_there_have_sentences_too(server: Server) -> None:
    assert server.client.get("/nothing").status_code == 404
    answer = server.client.get("/v1/sharpen")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert "error" in answer.json()


def test_metrics_count_by_route_and_name_nobody(server: Server) -> None:
    server.post(picture_file("png"))
    server.client.get("/v1/video/a-job-that-nobody-has")
    server.client.get("/secret/path")
    text = server.client.get("/metrics").text
    assert 'sharpkd_requests_total{method="POST",route="/v1/sharpen",status="200"}' in text
    assert 'route="/v1/video/{id}",status="404"' in text
    assert "sharpkd_workers_ready 2.0" in text
    assert "secret" not in text
    assert "nobody-has" not in text


def test_the_document_describes_every_route_with_examples(server: Server) -> None:
    document = server.client.get("/openapi.json").json()
    assert set(document["paths"]) == {
        *("/v1/sharpen", "/v1/video", "/v1/video/{id}", "/v1/video/{id}/result"),
        *("/v1/models", "/healthz", "/metrics"),
    }
    refusals = document["paths"]["/v1/sharpen"]["post"]["responses"]
    assert {"413", "415", "422", "429", "503"} <= set(refusals)
    assert all(
        "example" in refusals[status]["content"]["application/json"] for status in ("413", "415", "422")
    )
    assert "HTTPValidationError" not in json.dumps(document)


def test_a_worker_that_is_killed_is_replaced(server: Server) -> None:
    workers = server.workers()
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not any(map(is_alive, workers)))
    answers = [server.post(picture_file("png")).status_code for _ in range(4)]
    assert answers == [200] * 4


def test_two_servers_do_not_share_a_folder(server: Server) -> None:
    command = [sys.executable, "-m", "vcam.cli", "serve", "--port", "0", "--folder", str(server.folder)]
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (second.returncode, "give this one a folder: --folder DIR" in second.stderr) == (8, True)


def test_a_client_that_goes_leaves_the_server_well(server: Server) -> None:
    host, _, port = server.address.removeprefix("http://").partition(":")
    for body in (b"", b"x" * 100):
        with socket.create_connection((host, int(port))) as client:
            head = f"POST /v1/sharpen HTTP/1.1\r\nHost: {host}\r\nContent-Type: image/png\r\n"
            client.sendall(head.encode() + b"Content-Length: 1000\r\n\r\n" + body)
    assert server.post(picture_file("png")).status_code == 200


@pytest.fixture(scope="module")
def strict(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """One that takes little, from who has the token."""
    folder = tmp_path_factory.mktemp("strict")
    (folder / "token").write_text("a-token-of-many-letters")
    (folder / "token").chmod(0o600)
    limits = ("--max-picture", "0.01", "--max-pixels", "0.005", "--max-waiting", "0", "--max-jobs", "0")
    with Server(tiny, folder, "--token-file", str(folder / "token"), "--workers", "1", *limits) as server:
        server.client.headers["Authorization"] = "Bearer a-token-of-many-letters"
        yield server


def test_a_request_beyond_a_limit_is_refused(strict: Server) -> None:
    large = strict.post(bytes(20_000))
    assert (large.status_code, "at most" in large.json()["error"]) == (413, True)
    wide = strict.post(picture_file("png", picture(size=(100, 100))))
    assert (wide.status_code, "100x100" in wide.json()["error"]) == (413, True)
    job = strict.post(b"x", "/v1/video")
    assert (job.status_code, int(job.headers["retry-after"]) > 0) == (429, True)


def test_more_than_can_wait_are_refused_at_once(strict: Server) -> None:
    content = picture_file("png", picture(size=(70, 70)))
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: strict.post(content, size="1080x1080"), range(12)))
    codes = {answer.status_code for answer in answers}
    assert codes == {200, 429}
    busy = next(answer for answer in answers if answer.status_code == 429)
    assert int(busy.headers["retry-after"]) > 0


def test_nobody_is_served_without_the_token(strict: Server) -> None:
    assert httpx.get(f"{strict.address}/v1/models").status_code == 401
    assert httpx.get(f"{strict.address}/healthz").status_code == 200


def queue_of(server: Server) -> float:
    lines = server.client.get("/metrics").text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("sharpkd_queue "))


@pytest.mark.slow
def test_what_is_accepted_is_answered_after_sigterm(tiny: Path, tmp_path: Path) -> None:
    content = picture_file("png", picture(size=(1600, 900)))
    with Server(tiny, tmp_path) as server, ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(server.post, content) for _ in range(8)]
        wait_for(lambda: sum(each.done() for each in answers) + queue_of(server) == 8)
        assert server.end() == 0
        assert [answer.result().status_code for answer in answers] == [200] * 8
    assert not (server.folder / "lock").exists()
