"""Polls model servers: health and load, each endpoint at its own pace, all of them within a share of one core."""

from turnout.scrape.poller import Poller

__all__ = ["Poller"]
