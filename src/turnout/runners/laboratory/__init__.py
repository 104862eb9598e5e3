"""The laboratory: the whole rollout engine on a virtual clock, against a traffic model.

traffic.World ─ Observations ─► rollout.machine.step ─ SetWeights ─► traffic.World      (play)
many plays, seeded ─► studies: A/A, power ─► tables and JSON                             (__main__)
"""
