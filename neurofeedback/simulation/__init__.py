"""Pure simulation of a meditator whose true states are known."""
