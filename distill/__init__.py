"""Make training pairs, train teachers and students, evaluate them as shipped, publish the better ones."""

import vcam  # noqa: F401  # first: it sets variables that ONNX Runtime reads while loading
