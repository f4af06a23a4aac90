"""What keeps the virtual camera from working on this machine, and for each finding one command that fixes it.

Each topic is a module with functions from facts to findings; `examine` runs them. Nothing here changes
anything: the facts come from files, from asking video nodes, and from a few programs that only look.
"""
