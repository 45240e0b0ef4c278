"""Sentences of the voice, by the id under which a recording of them is found.

English recordings of these texts are shipped; `scripts/voice` makes them again after a change.
"""

from __future__ import annotations

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    # fit
    "fit_begin": "Let us see how the headset sits.",
    "fit_waiting": "Waiting for the first signal.",
    "fit_no_signal": "No signal yet. Bring the headset nearer, and see that it is switched on.",
    "fit_flat": "Press the electrode to the skin, and move hair aside. A drop of water helps.",
    "fit_cable": "Press the electrode to the skin, and check its cable.",
    "fit_broken": "If this stays, the electrode or its cable may be broken.",
    "fit_mains": "Move away from chargers and cables.",
    "fit_muscle": "Let jaw and forehead go soft.",
    "fit_moving": "Hold still for a moment.",
    "fit_drifting": "Give it a minute to settle on the skin.",
    "fit_left_ear": "Almost there. Press the left ear piece.",
    "fit_right_ear": "Almost there. Press the right ear piece.",
    "fit_left_forehead": "Almost there. Press the left side of the forehead.",
    "fit_right_forehead": "Almost there. Press the right side of the forehead.",
    "fit_left_back": "Almost there. Press the left electrode at the back of the head.",
    "fit_right_back": "Almost there. Press the right electrode at the back of the head.",
    "fit_improving": "Looking good so far.",
    "fit_good": "Good contact everywhere.",
    "fit_good_enough": "Good enough. You can begin.",
    # phases
    "phase_settle": "Settle in. Close your eyes, and sit comfortably.",
    "phase_settle_open": "Settle in. Keep your eyes open, and sit comfortably.",
    "phase_baseline": "Measuring your baseline. Just rest your attention on the breath.",
    "phase_practice": "Practice begins. Stay with the breath.",
    "phase_transfer": "Feedback is off for this part. Go on as before.",
    "phase_rest": "Rest. Feedback is off for this part.",
    "phase_debrief": "The sitting ends now. Take your time to come back.",
    "phase_pause": "Paused. The time is not counted.",
    "phase_resume": "We go on.",
    "phase_extended": "The sitting is longer now.",
    "phase_halfway": "Half of the time is over.",
    "phase_five_minutes": "Five minutes left.",
    "phase_one_minute": "One minute left.",
    "session_end": "The sitting is over. Thank you.",
    # probes
    "probe_where": "Where was your mind? One: on the breath. Two: elsewhere. Three: not sure.",
    "probe_sure": "How sure are you, from one to four?",
    "probe_sleepy": "How sleepy are you, from one to five?",
    # headset
    "headset_lost": "The headset's signal is lost. Stay seated, it is being looked for.",
    "headset_back": "The headset is back.",
    "headset_battery": "The headset's battery is low.",
    # sound
    "sound_voice": "This is the voice.",
    # practices and care
    "practice_breath": "Rest your attention on the breath, wherever you feel it most.",
    "practice_return": "When the mind has wandered, come back without hurry.",
    "practice_open": "Let come what comes, and let it go.",
    "care_stop": "If this becomes too much, open your eyes and stop. You can end at any time.",
}
"""Every sentence by its id; a person's own recording of one is ``<id>.wav`` in the folder of the settings."""
