"""The one room where other programs' pictures become Frames, and Frames become theirs.

pyav      decoded pictures of any pixel format, colour matrix and range; what encoders take
colour    which matrix a picture has where nobody says
sdr       HDR and wide gamuts, brought down to SDR and BT.709
alpha     transparency
geometry  pictures that are to be cut, stretched, mirrored or turned
opencv    full-range BGR; what screens have, BGRx
buffers   a driver's 4:2:0 bytes
mjpg      a webcam's JPEGs
"""
