from pathlib import Path

from distill.jsonl_cache import append_cache, read_cache


def test_what_was_kept_is_read_by_its_key_the_last_one_if_there_are_two(tmp_path: Path) -> None:
    path = tmp_path / "deeper" / "kept.jsonl"
    for key, value in (("a", 1), ("b", 2), ("a", 3)):
        append_cache(path, key, {"value": value})
    assert read_cache(path) == {"a": {"value": 3}, "b": {"value": 2}}


def test_a_line_that_a_kill_cut_off_is_left_out_and_not_continued(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    append_cache(path, "a", {"value": 1})
    path.write_bytes(path.read_bytes() + b'{"key": "b", "val')
    append_cache(path, "c", {"value": 2})
    assert read_cache(path) == {"a": {"value": 1}, "c": {"value": 2}}


def test_what_is_no_entry_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    path.write_text('[]\n7\n{"value": 1}\n')
    assert read_cache(path) == {}
    assert read_cache(tmp_path / "nothing") == {}
