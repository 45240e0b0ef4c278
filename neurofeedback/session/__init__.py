"""One sitting: its plan, its runner, and its replay."""
