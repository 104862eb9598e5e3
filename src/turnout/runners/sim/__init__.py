"""Simulated model servers as one process: many listeners, one loop, one engine each."""

from turnout.runners.sim.fleet import Fleet, Options, PortError, bind, run

__all__ = ["Fleet", "Options", "PortError", "bind", "run"]
