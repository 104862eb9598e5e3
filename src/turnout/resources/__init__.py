"""What users write: one module per kind, and how it is decoded, defaulted, validated and described."""
