"""What a shell knows of the program: completion of its words, and its page of the manual."""
