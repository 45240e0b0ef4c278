"""Pure feedback: reward control, mapping to tone and picture, tone synthesis."""
