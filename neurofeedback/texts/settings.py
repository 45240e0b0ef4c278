"""Texts of the settings page."""

GROUP_APPEARANCE = "Appearance"
GROUP_SOUND = "Sound"
GROUP_PRACTICE = "Practice"
GROUP_OUTPUT = "Recording"

LANGUAGES = {"": "As the system", "en": "English", "de": "Deutsch"}
"""Choices of the setting ``language``; each language under its own name."""

FIELDS = {
    "language": "Language",
    "theme": "Colours",
    "large_type": "Large type",
    "reduced_motion": "Reduce motion",
    "picture": "Picture",
    "background": "Background sound",
    "background_file": "My sound file",
    "ceiling_dbfs": "Never louder than",
    "sound_device": "Sound device",
    "drowsiness_shimmer": "A light shimmer when I get sleepy",
    "pace": "Breath pacer",
    "probes": "Questions",
    "ask_sure": "Ask how sure I am, too (helps the program learn)",
    "ask_sleepy": "Ask how sleepy I am, too (helps the program learn)",
    "mood_questions": "Offer mood, sleepiness and condition after a sitting",
    "difficulty_question": "Ask about difficult experiences after a sitting",
    "learn_live": "Each answer refines the guidance at once",
    "baseline": "Compare with",
    "profile": "Method",
    "recordings": "Recordings folder",
    "pulse": "Record the pulse, too (Muse 2, Muse S; costs battery)",
    "lsl_out": "Send as LSL",
    "osc_out": "Send as OSC",
}
THEMES = {"dark": "Dark", "light": "Light"}
BACKGROUNDS = {
    "rain": "Rain",
    "heavy_rain": "Heavy rain",
    "wind": "Forest wind",
    "sea": "Sea",
    "stream": "Stream",
    "night": "Night with crickets",
    "drone": "Low drone",
    "bowls": "Singing bowls",
    "white": "White noise",
    "pink": "Pink noise",
    "brown": "Brown noise",
    "file": "My own sound file",
}
SOUND_FIELDS = {
    "background_follows": "My sound file guides me: softer and duller as the mind wanders",
    "tone_timbre": "Guide tone",
    "calm_sign": "Sign of calm: a soft chord after 10 s of focus",
    "voice": "Voice: phases, questions, state of the headset",
    "voice_language": "Language of the voice",
    "voice_folder": "Folder of my recordings",
    "background_db": "Level of the background",
    "tone_db": "Level of the guide tone",
    "calm_db": "Level of the sign of calm",
    "bells_db": "Level of the bells",
    "voice_db": "Level of the voice",
}
TONE_TIMBRES = {"pad": "Warm pad", "bowl": "Bowl", "breath": "Breath"}
SOUND_PLACEHOLDERS = {
    "voice_language": "as the texts; or another one such as fr (by espeak-ng)",
    "voice_folder": "WAV files named by sentence; empty for none",
}
HEAR = "Hear it"
PREVIEW = {
    "background_db": "Hear the background",
    "tone_timbre": "Hear the guide tone",
    "calm_sign": "Hear the sign of calm",
    "bells_db": "Hear a bell",
    "voice": "Hear the voice",
    "unclear": "Hear an unclear signal",
}
NOT_A_LANGUAGE = "The language of the voice is a short code such as en or de; {language} is none. It stays {before}."
STOP_PREVIEW = "Stop the preview"
CALM_NOTE = "Until your personal model is active, the sign of calm is a guess."
PROBES = {"default": "About every minute", "rare": "About every three minutes", "none": "None"}
BASELINES = {"session": "This sitting's baseline", "own": "My earlier sittings, from the fourth on"}
LSL_OUTPUTS = {"": "No", "machine": "On this machine", "network": "On the network"}
TONE_STAYS_NEUTRAL = (
    "Before your own answers this method does no better than guessing: its confidence is 0, and the tone stays neutral."
)
PLACEHOLDERS = {
    "background_file": "WAV, FLAC, MP3 or OGG",
    "sound_device": "empty = the system's own",
    "osc_out": "PORT or HOST:PORT; empty = off",
}
CHOOSE = "Choose"
CHOOSE_FIELD = "Choose: {field}"
SOUND_FILES = "Sound files"
WHEN_APPLIED = "Saved. Applies from your next sitting."
OPEN_FILE = "Settings &file"
MY_PRACTICES = "My &practices"
