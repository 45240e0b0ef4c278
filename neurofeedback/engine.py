"""The engine: samples and commands in, frames out. Pure composition of processing, estimation and feedback."""
