"""Who owns which field: `metadata.managedFields` and server-side apply, as pure functions on documents."""
