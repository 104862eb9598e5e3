"""Processes: the parent (`up`) and its children, simulated servers, the demo. Composition, and nothing else."""
