"""That the mutations can be made; making them and running what should notice takes minutes."""

import pytest

from tests.mutations import CODE, MUTATIONS, ROOT, Mutation, modules


@pytest.fixture(scope="module")
def code() -> str:
    return "".join(path.read_text(encoding="utf-8") for pattern in CODE for path in ROOT.glob(pattern))


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.old.strip()[:40])
def test_a_mutation_is_of_one_place_and_of_tests_that_are_there(mutation: Mutation, code: str) -> None:
    assert code.count(mutation.old) == 1
    assert modules(ROOT, mutation)
