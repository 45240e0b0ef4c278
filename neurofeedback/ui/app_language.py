"""The language of the window: its texts, those of Qt's own dialogs, and its numbers."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from neurofeedback.texts.languages import install_translation

_OBJECT_NAME = "qt-texts"


def use_language(chosen: str, folder: Path) -> str:
    """Use a language from now on, and return its code; widgets that are built already keep their texts.

    Parameters
    ----------
    chosen : str
        Code of the language; empty for that of the system.
    folder : Path
        The user's configuration folder, with a person's own translation if there is one.
    """
    code = install_translation([chosen] if chosen else QLocale.system().uiLanguages(), folder)
    system = QLocale.system()
    QLocale.setDefault(system if system.name().startswith(code) else QLocale(code))
    app = QCoreApplication.instance()
    if app is None:
        return code
    for translator in app.findChildren(QTranslator, _OBJECT_NAME):
        app.removeTranslator(translator)
        translator.deleteLater()
    translator = QTranslator(app)
    translator.setObjectName(_OBJECT_NAME)
    if translator.load(f"qtbase_{code}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        app.installTranslator(translator)
    return code
