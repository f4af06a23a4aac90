"""The matrix libraries of NumPy and OpenCV, which start threads of their own."""

from collections.abc import MutableMapping


def keep_blas_single(environ: MutableMapping[str, str]) -> None:
    """Have OpenBLAS start no threads, unless the user wants some: call this before NumPy or OpenCV is loaded.

    environ  of this process, and of those that it starts

    They spin for a while when they are started, and after each product of matrices, of which the confidence
    has two or more a second: a tenth of a core for what one thread does in a millisecond.
    """
    environ.setdefault("OPENBLAS_NUM_THREADS", "1")
