"""What users write: one module per kind; decode, defaults, validation, schema."""
