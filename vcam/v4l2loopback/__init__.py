"""What this program knows of v4l2loopback, the kernel module behind the virtual camera.

module         its options, and the commands that load it
modprobe       which options the system's files give it
cameras        the nodes that it has made, and which one is ours
writer         writing frames to one of them
usage_events   how it tells that somebody watches
"""
