"""Benchmarks: one script a question, a table, then one JSON line."""

import vcam  # noqa: F401  # first: it sets what ONNX Runtime reads when it is loaded
