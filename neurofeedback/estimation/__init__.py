"""Pure estimation: baseline, index, confidence, state, drowsiness."""
