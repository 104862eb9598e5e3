"""Polls model servers: which are ready, and how busy they say they are.

controller ── Membership ──► follow ──► Scraper ── a Watch per address ──► Board ── EndpointStates ──► workers
"""
