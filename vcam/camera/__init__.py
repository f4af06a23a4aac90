"""The running camera: used by run, enhance, bench, doctor and the daemon.

`camera` holds a pipeline and carries out commands, `parts` builds what a Config names, and `chain` holds the
stages and exchanges them between two frames.
"""
