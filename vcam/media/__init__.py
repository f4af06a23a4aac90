"""Recordings and pictures that somebody names: opened, read and understood, for every part that reads files.

endings      of the files that are looked for in folders
opening      how a path is handed to FFmpeg, and with which limits
streams      which picture and which sound of a container are meant
rate         frames a second
timeline     time stamps that begin again in the middle of a joined recording
reading      packets, pictures and sound, one after the other; what is damaged is counted and left out
orientation  which way up a picture is
exif         an EXIF block that follows a picture that has changed
boxes        what MP4 is made of, and the clean part of its pictures
heif         what HEIF and AVIF say of their picture
whole        whether a picture file has its end
opacity      of a HEIF or AVIF picture
tiles        a photo of tiles put together
fields       interlaced pictures made whole
sound        the sound on its way into a video file: copied, or encoded again
"""
