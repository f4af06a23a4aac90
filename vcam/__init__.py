"""SharpKD Camera: restore a bandwidth-degraded picture and publish it as a virtual camera."""

import os

# ONNX Runtime, from 1.29 on, reports models and sessions to its makers unless this is set before it is loaded
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
