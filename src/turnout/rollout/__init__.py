"""The rollout engine: `step(state, event, now) -> (state, instructions)`. Pure; all it knows is in its state.

records ─ observe ─► Observations ─┐
acknowledgements, readiness, user ─┼─► machine.step ─► SetWeights, RunPreflight, WriteStatus, EmitEvent, ...
spec ─ plan ─► SpecChanged ────────┘        │
                                            └─► status.status_of(state, now): what kubectl shows
"""
