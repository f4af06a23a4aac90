"""A camera in PipeWire's graph, through its own library; no kernel module and no Python package is needed."""

from vcam.sinks.pipewire.probe import NodeProbe
from vcam.sinks.pipewire.sink import NODE, PipeWireSink

__all__ = ["NODE", "NodeProbe", "PipeWireSink"]
