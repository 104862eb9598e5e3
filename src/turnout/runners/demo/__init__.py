"""`turnout demo`: traffic moved between two pools of simulated servers, under live load, with a report."""
