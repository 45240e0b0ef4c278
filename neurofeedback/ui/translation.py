"""The one door every text of the window passes, so that Qt Linguist can offer it in another language.

English is what stands in the source. ``scripts/translations`` collects what is passed here, and the sentences of
``feedback``, ``session.question`` and ``session.keys``, into a ``.ts`` file; a compiled ``neurofeedback_XX.qm`` in
the user's configuration folder is taken up at the next start.
"""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QCoreApplication, QLocale, QTranslator

CONTEXT = "ui"


def tr(text: str) -> str:
    """Return a text in the language of the window; English where there is no other."""
    return QCoreApplication.translate(CONTEXT, text) or text if text else ""


def install_translation(app: QCoreApplication, folder: Path) -> bool:
    """Take up the translation for the user's language, if there is one in ``folder``."""
    translator = QTranslator(app)
    if not translator.load(QLocale(), "neurofeedback", "_", str(folder)):
        return False
    return app.installTranslator(translator)
