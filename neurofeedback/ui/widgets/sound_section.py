"""The part of the settings page for what is heard: voices, levels and a preview of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QHideEvent
from PyQt6.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QSlider, QWidget

from neurofeedback.texts import settings
from neurofeedback.texts.catalogue import language, tr
from neurofeedback.ui.preferences import LEVEL_LIMITS_DB, Preferences, is_language
from neurofeedback.ui.sound.sound_preview import Preview, SoundPreview
from neurofeedback.ui.widgets.basic import ComboBox, button, ignore_wheel, label, row

_CHECKS = ("background_follows", "calm_sign", "voice")
_LINES = ("voice_language", "voice_folder")
LEVELS = ("background_db", "tone_db", "calm_db", "bells_db", "voice_db")
PREVIEWS: Mapping[str, Preview] = {
    "background_db": Preview(),
    "tone_timbre": Preview(share=1.0),
    "calm_sign": Preview(calm=True),
    "bells_db": Preview(bell=True),
    "voice": Preview(sentence="sound_voice"),
    "unclear": Preview(unclear=True),
}
_FIELD_WIDTH = 360


class SoundSection(QWidget):
    """Fields for the sound, with buttons that play them.

    Parameters
    ----------
    change : callable
        Receives the new value of a preference, by its name.
    preview : SoundPreview, optional
        Plays what the buttons name.
    """

    def __init__(self, change: Callable[..., object], preview: SoundPreview | None = None) -> None:
        super().__init__()
        self._change = change
        self._preferences = Preferences()
        self._setters: dict[str, Callable[[object], None]] = {}
        self.fields: dict[str, QWidget] = {}
        self.buttons: dict[str, QWidget] = {}
        self.notice = label("", live=True)
        self._preview = preview or SoundPreview()
        self._preview.notified.connect(self.notice.setText)
        self._lay_out()

    def show_preferences(self, preferences: Preferences) -> None:
        """Show these values."""
        self._preferences = preferences
        for name, show in self._setters.items():
            show(getattr(preferences, name))

    def hideEvent(self, a0: QHideEvent | None) -> None:  # noqa: N802 - Qt's name
        """End the preview when the page is left."""
        self._preview.stop()
        super().hideEvent(a0)

    def _lay_out(self) -> None:
        self.grid = grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(2, 1)
        self._add(grid, "background_follows", self._check("background_follows"))
        self._add(grid, "tone_timbre", self._timbre(), preview="tone_timbre")
        self._add(grid, "calm_sign", self._check("calm_sign"), preview="calm_sign")
        note = label(settings.CALM_NOTE, quiet=True)
        note.setWordWrap(True)
        grid.addWidget(note, grid.rowCount(), 1, 1, 2)
        self._add(grid, "voice", self._check("voice"), preview="voice")
        for name in _LINES:
            self._add(grid, name, self._line(name))
        for name in LEVELS:
            self._add(grid, name, self._level(name), preview=name if name in PREVIEWS else "")
        foot = row(self._play_button("unclear"), button(settings.STOP_PREVIEW, self._preview.stop, flat=True))
        foot.addStretch(1)
        grid.addLayout(foot, grid.rowCount(), 1, 1, 2)
        grid.addWidget(self.notice, grid.rowCount(), 1, 1, 2)

    def _add(self, grid: QGridLayout, name: str, field: QWidget, *, preview: str = "") -> None:
        place, caption = grid.rowCount(), tr(settings.SOUND_FIELDS[name])
        field.setAccessibleName(caption)
        field.setMinimumWidth(_FIELD_WIDTH)
        self.fields[name] = field
        if not isinstance(field, QCheckBox):
            grid.addWidget(label(caption, quiet=True), place, 0)
        grid.addWidget(field, place, 1, 1, 2 if isinstance(field, QCheckBox) and not preview else 1)
        if preview:
            grid.addWidget(self._play_button(preview), place, 2, alignment=Qt.AlignmentFlag.AlignLeft)

    def _play_button(self, name: str) -> QWidget:
        meaning = settings.PREVIEW[name]
        text = meaning if name == "unclear" else settings.HEAR  # beside its field a short one says enough
        self.buttons[name] = button(text, lambda: self.play(name), name=meaning, flat=True)
        return self.buttons[name]

    def play(self, name: str) -> None:
        """Play a preview of `PREVIEWS`."""
        self.notice.clear()
        self._preview.play(self._preferences.settings_overrides(), PREVIEWS[name])

    def _check(self, name: str) -> QWidget:
        field = QCheckBox(tr(settings.SOUND_FIELDS[name]))
        field.clicked.connect(lambda on: self._set(name, on))
        self._setters[name] = lambda value: field.setChecked(bool(value))
        return field

    def _timbre(self) -> QWidget:
        field = ComboBox()
        for value, text in settings.TONE_TIMBRES.items():
            field.addItem(tr(text), value)
        field.activated.connect(lambda _at: self._set("tone_timbre", field.currentData()))
        self._setters["tone_timbre"] = lambda value: field.setCurrentIndex(max(0, field.findData(value)))
        return field

    def _line(self, name: str) -> QWidget:
        field = QLineEdit()
        field.setPlaceholderText(tr(settings.SOUND_PLACEHOLDERS[name]))
        field.editingFinished.connect(lambda: self._set_line(name, field.text().strip()))
        self._setters[name] = lambda value: field.setText(str(value))
        return field

    def _level(self, name: str) -> QWidget:
        field = QSlider(Qt.Orientation.Horizontal)
        low, high = LEVEL_LIMITS_DB[name]
        field.setRange(round(low), round(high))
        field.setPageStep(3)
        field.setTracking(False)
        ignore_wheel(field)
        field.valueChanged.connect(lambda value: self._set(name, float(value)))
        self._setters[name] = lambda value: field.setValue(round(float(str(value))))
        return field

    def _set_line(self, name: str, text: str) -> None:
        if name == "voice_language" and text and not is_language(text):
            before = self._preferences.voice_language or language()
            self.notice.setText(tr(settings.NOT_A_LANGUAGE, language=text, before=before))
            return
        self._set(name, text)

    def _set(self, name: str, value: object) -> None:
        if value != getattr(self._preferences, name):
            self._change(**{name: value})
