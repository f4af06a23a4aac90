"""Opinion scores: people compare two systems on the same clips, blindly, as ITU-T P.910 describes."""
