"""The live session: plan, headset fit, runner, controls, probes, outputs and summary."""
