"""A camera in PipeWire's graph, through its own C library: what runs in a process of its own.

A fault in that library ends this process alone. vcam.sinks.pipewire starts it and sends it frames.
"""
