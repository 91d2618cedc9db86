"""One file a step, in order; a released one never changes."""
