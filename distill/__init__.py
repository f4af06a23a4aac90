"""The distillery: make pairs, train teachers and students, judge them as shipped, publish the better one."""

import vcam  # noqa: F401  # first: it sets what ONNX Runtime reads when it is loaded
