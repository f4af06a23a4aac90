"""python -m vcam.pipewire NAME TITLE WIDTHxHEIGHT FPS; see vcam.pipewire.publisher."""

import sys

from vcam.pipewire.publisher import publish

if __name__ == "__main__":
    sys.exit(publish(sys.argv[1:], sys.stdin.buffer, sys.stdout))
