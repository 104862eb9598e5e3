"""Load: wrk for as much as goes, clients of our own for a fixed pace and for streams."""
