"""Probes of a session: when they are asked, what is a press, and who answers in a simulated one."""
