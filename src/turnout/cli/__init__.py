"""The `turnout` command: one file per verb, and what verbs share."""
