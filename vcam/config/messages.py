"""Sentences about values that cannot be used, each short whatever the value is."""

import json

TABLE_EXAMPLES = {"camera": ("HD Webcam", "gain = 40"), "preset": ("Evening", "light = 0.7")}
LONGEST_SHOWN = 80  # of a wrong value, in characters


def short(value: object) -> str:
    """A value as a message repeats it."""
    try:
        shown = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, tables in tables in tables
        return f"a huge {type(value).__name__}"
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}..."


def say_range(key: str, value: object, span: tuple[float, float]) -> str:
    return f"{key} = {short(value)} is out of range; expected {span[0]}..{span[1]}"


def say_kind(key: str, value: object, expected: str, default: object) -> str:
    return f"{key} = {short(value)} is not {expected}; {_example(key, default)}"


def _example(key: str, default: object) -> str:
    if isinstance(default, dict):
        name, line = TABLE_EXAMPLES[key]
        return f'for example: [{key}."{name}"] and, in a line below, {line}'
    return f"for example: {key} = {json.dumps(as_written(default))}"


def as_written(value: object) -> object:
    """A value as files and programs have it: a size is a text."""
    return "{}x{}".format(*value) if isinstance(value, tuple) else value
