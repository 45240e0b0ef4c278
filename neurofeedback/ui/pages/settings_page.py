"""The settings page; every change is saved at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QCheckBox, QFileDialog, QGridLayout, QLineEdit, QScrollArea, QSpinBox, QWidget

from neurofeedback.errors import SettingsError
from neurofeedback.texts import settings, window
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.practices import choice
from neurofeedback.ui.preferences import Preferences
from neurofeedback.ui.widgets.basic import (
    FLAT_MARGIN,
    MARGIN,
    ComboBox,
    align_columns,
    bind_key,
    button,
    column,
    ignore_wheel,
    label,
    row,
)
from neurofeedback.ui.widgets.sound_section import SoundSection

_CHOICES: Mapping[str, Mapping[str, str]] = {
    "language": settings.LANGUAGES,
    "theme": settings.THEMES,
    "picture": window.PICTURES,
    "background": settings.BACKGROUNDS,
    "pace": choice.PACES,
    "probes": settings.PROBES,
    "baseline": settings.BASELINES,
    "lsl_out": settings.LSL_OUTPUTS,
}
_CHECKED = {
    "large_type", "reduced_motion", "drowsiness_shimmer", "learn_live", "ask_sure", "ask_sleepy", "mood_questions",
    "difficulty_question", "pulse",
}  # fmt: skip
_GROUPS = (
    (settings.GROUP_APPEARANCE, ("language", "theme", "picture", "large_type", "reduced_motion")),
    (
        settings.GROUP_SOUND,
        ("background", "background_file", "ceiling_dbfs", "sound_device", "drowsiness_shimmer"),
    ),
    (
        settings.GROUP_PRACTICE,
        (
            "probes",
            "ask_sure",
            "ask_sleepy",
            "mood_questions",
            "difficulty_question",
            "learn_live",
            "baseline",
            "profile",
            "pace",
        ),
    ),
    (settings.GROUP_OUTPUT, ("recordings", "pulse", "lsl_out", "osc_out")),
)
_FIELD_WIDTH = 360


class SettingsPage(QWidget):
    """Shows and changes the preferences; ``changed`` carries the new ones after each change."""

    changed = pyqtSignal(object)
    practices = pyqtSignal()
    file_wanted = pyqtSignal()
    left = pyqtSignal()

    def __init__(self, profiles: tuple[str, ...], recordings: Path) -> None:
        super().__init__()
        self._placeholders = {**settings.PLACEHOLDERS, "recordings": str(recordings)}
        self._preferences = Preferences()
        self._profiles = profiles
        self._fields: dict[str, QWidget] = {}
        self._setters: dict[str, Callable[[object], None]] = {}
        self.back = button(window.HOME, self.left.emit, main=True)
        self._tone_note = label(settings.TONE_STAYS_NEUTRAL, quiet=True)
        self._sound = SoundSection(self._change)
        self._lay_out()
        bind_key(self, "Esc", self.left.emit)

    def _lay_out(self) -> None:
        page = QWidget()
        self._grid = grid = QGridLayout(page)
        grid.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(2, 1)
        for title, names in _GROUPS:
            place = grid.rowCount()
            grid.addWidget(label(title, large=True), place, 0, 1, 3)
            for at, name in enumerate(names, start=place + 1):
                self._add(grid, at, name)
            if title == settings.GROUP_SOUND:
                grid.addWidget(self._sound, grid.rowCount(), 0, 1, 3)
                grid.addWidget(self._tone_note, grid.rowCount(), 1, 1, 2)
            grid.setRowMinimumHeight(grid.rowCount(), 14)
        area = QScrollArea()
        area.setWidget(page)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        foot = row(label(settings.WHEN_APPLIED, quiet=True))
        foot.addStretch(1)
        foot.addWidget(button(settings.OPEN_FILE, self.file_wanted.emit, flat=True))
        foot.addWidget(button(settings.MY_PRACTICES, self.practices.emit))
        foot.addWidget(self.back)
        foot.setContentsMargins(MARGIN, 10, MARGIN, FLAT_MARGIN)
        outer = column(self, gap=0)
        outer.addWidget(area, 1)
        outer.addLayout(foot)

    def _add(self, grid: QGridLayout, place: int, name: str) -> None:
        caption, field = tr(settings.FIELDS[name]), self._make_field(name)
        field.setAccessibleName(caption)
        field.setMinimumWidth(_FIELD_WIDTH)
        self._fields[name] = field
        if not isinstance(field, QCheckBox):
            grid.addWidget(label(caption, quiet=True), place, 0)
        grid.addWidget(field, place, 1, 1, 2 if isinstance(field, QCheckBox) else 1)
        if name in {"background_file", "recordings"}:
            accessible_name = tr(settings.CHOOSE_FIELD, field=caption)
            browse = button(settings.CHOOSE, lambda: self._browse(name), name=accessible_name, flat=True)
            grid.addWidget(browse, place, 2, alignment=Qt.AlignmentFlag.AlignLeft)

    def _make_field(self, name: str) -> QWidget:
        if name in _CHECKED:
            return self._check(name)
        if name in self._placeholders:
            return self._line(name)
        if name == "ceiling_dbfs":
            return self._ceiling()
        return self._choice(name, _CHOICES.get(name) or {profile: profile for profile in self._profiles})

    def _choice(self, name: str, choices: Mapping[str, str]) -> QWidget:
        field = ComboBox()
        for value, text in choices.items():
            field.addItem(tr(text), value)
        field.activated.connect(lambda _at: self._set(name, field.currentData()))
        self._setters[name] = lambda value: field.setCurrentIndex(max(0, field.findData(value)))
        return field

    def _check(self, name: str) -> QWidget:
        field = QCheckBox(tr(settings.FIELDS[name]))
        field.clicked.connect(lambda on: self._set(name, on))
        self._setters[name] = lambda value: field.setChecked(bool(value))
        return field

    def _line(self, name: str) -> QWidget:
        field = QLineEdit()
        field.setPlaceholderText(tr(self._placeholders[name]))
        field.editingFinished.connect(lambda: self._set(name, field.text().strip()))
        self._setters[name] = lambda value: field.setText(str(value))
        return field

    def _ceiling(self) -> QWidget:
        field = ignore_wheel(QSpinBox())
        field.setRange(-60, -3)
        field.setSuffix(" dBFS")
        field.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        field.editingFinished.connect(lambda: self._set("ceiling_dbfs", float(field.value())))
        self._setters["ceiling_dbfs"] = lambda value: field.setValue(round(float(str(value))))
        return field

    def focused(self) -> str:
        """Return the name of the setting with the keyboard focus; empty for none."""
        return next((name for name, field in self._fields.items() if field.hasFocus()), "")

    def activate(self, preferences: Preferences, focused: str = "") -> None:
        """Show preferences and give the keyboard focus to the named setting, else to the first."""
        self._preferences = preferences
        for name, show in self._setters.items():
            show(getattr(preferences, name))
        self._sound.show_preferences(preferences)
        self._tone_note.setVisible(_tone_stays_neutral(preferences.profile))
        self._fields.get(focused, self._fields["theme"]).setFocus()
        align_columns(self._grid, self._sound.grid)

    def _set(self, name: str, value: object) -> None:
        if (name, value) == ("background", "file") and not self._preferences.background_file:
            self._browse("background_file")
        else:
            self._change(**{name: value})

    def _change(self, **values: object) -> None:
        changed = replace(self._preferences, **values)
        if changed != self._preferences:
            self._preferences = changed
            self._sound.show_preferences(changed)
            self._tone_note.setVisible(_tone_stays_neutral(changed.profile))
            self.changed.emit(changed)

    def _browse(self, name: str) -> None:
        if name == "recordings":
            chosen = QFileDialog.getExistingDirectory(self, tr(settings.FIELDS[name]), self._preferences.recordings)
        else:
            sounds = tr(settings.SOUND_FILES) + " (*.wav *.flac *.mp3 *.ogg)"
            chosen, _ = QFileDialog.getOpenFileName(
                self, tr(settings.FIELDS[name]), self._preferences.background_file, sounds
            )
        values = {name: chosen, "background": "file"} if name == "background_file" else {name: chosen}
        if chosen:
            self._change(**values)
        for changed in values:
            self._setters[changed](getattr(self._preferences, changed))


def _tone_stays_neutral(profile: str) -> bool:
    """Whether a profile's index has no confidence before any answer; a profile that cannot be read says nothing."""
    # NumPy and SciPy, which the window is shown before
    from neurofeedback.estimation.confidence import untaught_trust
    from neurofeedback.settings.load import load_evidence, load_settings

    try:
        chosen = load_settings(profile)
        return untaught_trust(load_evidence(chosen.index.evidence), chosen.confidence) == 0
    except SettingsError:
        return False
