"""What is wrong, allowed and to do in the errors that pure rooms raise."""

from __future__ import annotations

GOT = "got {got}"
ALLOWED = "allowed: {allowed}"

# the engine
COMMAND_VALUE = "the value of the command {kind} is not allowed"
ON_OR_OFF = "on or off"
SESSION_OR_OWN = "session or own"
DECODER_OR_NOTHING = "nothing, or a decoder: weights, number of answers, AUC, drowsiness level"
NUMBER_0_TO_1 = "a number from 0 to 1"
PERSONAL_BASELINE = "the personal baseline of earlier sessions cannot be used"
SESSION_BASELINE = "the file does not hold a session's baseline"
START_DECODER = "the decoder at the start of the session cannot be used"
RESTORE_FILE = "restore the file"
RESTORE_START = "restore the session's start.json"

# simulation
DEVICE_FAMILY = "no such device family to simulate"
SIMULATED_DOSE = "a dose that cannot be simulated"
SIMULATED_DOSE_ALLOWED = "0 to 1 mg/kg"
SIMULATED_INFUSION = "an infusion that cannot be simulated"
SIMULATED_INFUSION_ALLOWED = "a start of 0 or more, and a length and a half-life above 0"
PACKET_LOSS = "packet loss is a share"
PACKET_LOSS_ALLOWED = "0 to below 1"
POPULATION = "no such population of simulated people"
SESSION_LENGTH = "a simulated session cannot be this long"
SESSION_LENGTH_ALLOWED = "one sample to {longest_s} s"
SFREQ = "the simulated meditator cannot be sampled at this rate"
SFREQ_ALLOWED = "whole Hz, 100 to 4096"
