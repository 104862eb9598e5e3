"""Kubernetes' protobuf bodies of the core kinds, which kubectl's own `create` and `auth` send. Answers are JSON."""
