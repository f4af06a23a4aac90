"""The process that takes a Wayland desktop's screen: it asks the portal, and reads PipeWire's pictures.

It is a process of its own since PipeWire's library runs in it, and since a dialog may stay open for long: its
fault costs a picture, never the camera. A PortalSource starts it, reads frames and words from its output
(vcam.wire), and closes its input at the end.
"""
