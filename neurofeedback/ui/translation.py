"""Load the translation of the window's texts. No Qt here.

``scripts/translations`` writes all texts into a ``.pot`` file. A compiled ``neurofeedback_XX.mo`` in the user's
configuration folder, ``XX`` being a language or a locale such as ``de`` or ``de_AT``, is used from the next start on.
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterable
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from neurofeedback.texts.catalogue import set_translations

_log = logging.getLogger(__name__)


def install_translation(folder: Path, languages: Iterable[str]) -> bool:
    """Use the first translation in ``folder`` that fits one of the languages.

    Parameters
    ----------
    folder : Path
        Where ``neurofeedback_XX.mo`` may be.
    languages : iterable of str
        Language codes such as ``de-AT`` or ``de_AT``, the preferred one first.

    Returns
    -------
    bool
        Whether a translation is used; the texts are English otherwise.
    """
    for path in _candidates(folder, languages):
        if (translations := _load(path)) is not None:
            set_translations(translations)
            return True
    set_translations(NullTranslations())
    return False


def _candidates(folder: Path, languages: Iterable[str]) -> Iterable[Path]:
    for language in languages:
        code = language.replace("-", "_")
        if code.partition("_")[0] == "en":
            return
        for name in dict.fromkeys((code, code.partition("_")[0])):
            yield folder / f"neurofeedback_{name}.mo"


def _load(path: Path) -> GNUTranslations | None:
    try:
        with path.open("rb") as file:
            return GNUTranslations(file)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, struct.error) as error:
        _log.warning("the translation %s cannot be read: %s", path, error)
        return None
