"""Requests that the server's own OpenAPI document allows, and such that it does not, by schemathesis.

What is checked of each answer: no failure of the server, a status, type and body that the document names, and
no wrong request taken for a right one.
"""

import io
from contextlib import suppress

import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from PIL import Image
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
KINDS = ("jpeg", "png", "webp", "avif")
ANY = "application/octet-stream"


def fuzz(address: str, examples: int, seed: int = 0) -> int:
    """Send requests to a running server; returns how many.

    examples  of each route, right ones and as many wrong ones

    Raises what schemathesis raises for the first answer that does not fit.
    """
    for kind in KINDS:
        schemathesis.openapi.media_type(f"image/{kind}", _pictures(kind))
    schemathesis.openapi.media_type(ANY, st.binary(max_size=2000))
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
    count = 0
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        for result in schema.get_all_operations():
            operation = result.ok()  # type: ignore[union-attr]  # its document is our own

            @seeded(seed)
            @settings(
                max_examples=examples,
                deadline=None,
                database=None,
                verbosity=Verbosity.quiet,
                phases=(Phase.explicit, Phase.generate),
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def send(case: schemathesis.Case) -> None:
                nonlocal count
                count += 1
                case.call_and_validate(checks=CHECKS)

            with suppress(Unsatisfiable):  # nothing can be wrong with a request without parameters
                send()
    return count


def _pictures(kind: str) -> st.SearchStrategy[bytes]:
    """Whole files of a kind, damaged ones, and any bytes."""
    out = io.BytesIO()
    Image.linear_gradient("L").resize((48, 32)).convert("RGB").save(out, kind.upper())
    whole = out.getvalue()
    damaged = st.builds(
        lambda place, value: whole[:place] + bytes([value]) + whole[place + 1 :],
        st.integers(0, len(whole) - 1),
        st.integers(0, 255),
    )
    return st.one_of(st.just(whole), damaged, st.binary(max_size=200))
