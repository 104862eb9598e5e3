"""The data plane worker: downstream (a client's connection), exchange (one request), upstream (a server's connection).

downstream ── Request ──► exchange ── route, split, pick ──► upstream ──► exchange ──► downstream
                             └── Record ──► reports
"""
