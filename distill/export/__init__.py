"""From trained networks to ONNX files."""
