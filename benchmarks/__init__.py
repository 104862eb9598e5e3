"""Side by side: Turnout and its peers in one run, in turns, each proxy's whole process tree on one core."""
