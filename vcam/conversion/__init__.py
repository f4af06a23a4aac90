"""The one room where other programs' pictures become Frames, and Frames become theirs.

pyav      decoded pictures of any pixel format, colour matrix and range; what encoders take
opencv    full-range BGR
buffers   a driver's 4:2:0 bytes
"""
