"""The text files of BrainVision: headers, and the markers of gaps and events."""
