"""A camera of PipeWire's, published by a process of its own; no kernel module is needed."""

from vcam.sinks.pipewire.probe import NodeProbe
from vcam.sinks.pipewire.sink import NODE, PipeWireSink

__all__ = ["NODE", "NodeProbe", "PipeWireSink"]
