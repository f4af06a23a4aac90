"""What is asked of Linux's video nodes.

`device` opens, asks and writes, `modes` lists their pictures, `look` asks for all that a choice needs, and
`nodes` says which nodes there are. Importing it does nothing on any system.
"""
