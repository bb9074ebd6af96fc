"""Text to mentions, concepts and relations."""
