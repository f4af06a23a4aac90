"""A folder that is watched: what arrives in it is restored once, whatever ends the program in between."""
