"""The server against its own OpenAPI document: a few examples; `python -m bench.serve fuzz` makes more."""

import warnings

import pytest
from serve_program import Server

from bench.serve_fuzz import fuzz


@pytest.mark.slow
def test_no_request_of_its_own_document_surprises_it(server: Server) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of schemathesis itself
        count = fuzz(server.address, examples=4, seed=1)
    assert count > 20
    assert server.client.get("/healthz").json() == {"status": "ready"}
    assert "Traceback" not in "".join(server.lines)
