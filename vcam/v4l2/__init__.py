"""What is asked of Linux's video nodes: `device` opens, asks and writes, `modes` lists their pictures.

Nothing here knows which node is meant; importing it does nothing on any system.
"""
