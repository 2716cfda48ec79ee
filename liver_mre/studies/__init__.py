"""Any imaging study: found, read and typed, without a word of elastography."""
