"""The Python API, which `vcam` offers under its own name; see docs/api.md.

Nothing here loads ONNX Runtime before a Sharpener is made.
"""
