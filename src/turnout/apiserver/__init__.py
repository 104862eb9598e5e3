"""A Kubernetes-compatible API on one SQLite file: what stock kubectl and the controllers talk to."""
