"""The process that reads what a device shows, for `read_elsewhere`: NODE SECONDS DESCRIPTOR."""

import sys
from multiprocessing.connection import Connection
from pathlib import Path

from vcam.roundtrip.reader import report

if __name__ == "__main__":
    node, seconds, descriptor = sys.argv[1:]
    report(Path(node), float(seconds), Connection(int(descriptor), readable=False))
