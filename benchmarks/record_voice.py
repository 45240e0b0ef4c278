"""Record the English sentences of the voice with flite, level them by loudness, and write their manifest."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from pyloudnorm import Meter
from scipy.io import wavfile

from neurofeedback.audio.voice import RECORDINGS, RECORDINGS_LUFS
from neurofeedback.settings.load import configs_folder, load_programme
from neurofeedback.texts.spoken import SENTENCES

VOICE, STRETCH, QUALITY = "slt", 1.12, 3
_MANIFEST = RECORDINGS / "manifest.json"
_EDGE_S = 0.03


def spoken_texts() -> dict[str, str]:
    """Return every English sentence by its id: those of the program, and the texts of the shipped practices."""
    programmes = [load_programme(str(path)) for path in sorted((configs_folder() / "programmes").glob("*.toml"))]
    texts = [text for programme in programmes for segment in programme.segments for text in segment.guide]
    return {**SENTENCES, **{text.id: text.text for text in texts if text.id}}


def record(text: str, target: Path) -> None:
    """Speak a text into an Ogg Vorbis file at `RECORDINGS_LUFS`."""
    with tempfile.TemporaryDirectory() as folder:
        spoken = Path(folder) / "spoken.wav"
        stretch = ["--setf", f"duration_stretch={STRETCH}"]
        subprocess.run(["flite", "-voice", VOICE, *stretch, "-t", text, "-o", str(spoken)], check=True, timeout=60)
        sfreq, samples = wavfile.read(spoken)
        sound = samples.astype(np.float64) / 32768
        edge = np.minimum(1, np.minimum(np.arange(sound.size), np.arange(sound.size)[::-1]) / (_EDGE_S * sfreq))
        padded = np.concatenate((sound, np.zeros(max(0, round(0.5 * sfreq) - sound.size))))
        gain = 10 ** ((RECORDINGS_LUFS - Meter(sfreq).integrated_loudness(padded)) / 20)
        levelled = np.clip(sound * edge * gain, -0.99, 0.99)
        wavfile.write(spoken, sfreq, np.rint(levelled * 32767).astype(np.int16))
        command = ["oggenc", "--quiet", "-q", str(QUALITY), "-o", str(target), str(spoken)]
        subprocess.run(command, check=True, timeout=60)


def main() -> None:
    """Record what has changed, and remove what is no longer spoken."""
    manifest = json.loads(_MANIFEST.read_text(encoding="utf-8")) if _MANIFEST.exists() else {}
    sentences: dict[str, dict[str, str]] = {}
    texts = spoken_texts()
    for name, text in texts.items():
        target = RECORDINGS / f"{name}.ogg"
        if manifest.get("sentences", {}).get(name, {}).get("text") != text or not target.exists():
            record(text, target)
        sentences[name] = {"text": text, "sha256": hashlib.sha256(target.read_bytes()).hexdigest()}
    for path in RECORDINGS.glob("*.ogg"):
        if path.stem not in texts:
            path.unlink()
    content = {"engine": f"flite 2.2, voice {VOICE}", "lufs": RECORDINGS_LUFS, "sentences": sentences}
    _MANIFEST.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
