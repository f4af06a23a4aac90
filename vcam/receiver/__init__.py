"""The process that receives a picture by WebRTC: HTTPS for a phone's browser, WHIP, and the media themselves.

It is a process of its own since it answers a whole network: its fault costs a picture, never the camera.
A WhipSource starts it, reads frames and words from its output (vcam.wire), and closes its input at the
end.
"""
