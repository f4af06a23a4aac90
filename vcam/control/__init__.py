"""The control API: HTTP on a Unix socket, and on 127.0.0.1 behind a token."""
