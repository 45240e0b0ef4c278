"""Choose the language of the texts and load its translation.

Translations are shipped beside this module as compiled gettext catalogues (``locale/neurofeedback_de.mo``), which
``scripts/translations`` makes from ``locale/de.po``. A file of the same name in the user's configuration folder comes
first; a text that it lacks is taken from the shipped one, else it is English.
"""

from __future__ import annotations

import itertools
import locale
import logging
import struct
from collections.abc import Iterable, Mapping
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from neurofeedback.texts.catalogue import ENGLISH, language, set_translations, tr, translate
from neurofeedback.texts.settings import LANGUAGES

SHIPPED = Path(__file__).parent / "locale"

_log = logging.getLogger(__name__)
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


def install_translation(languages: Iterable[str], folder: Path | None = None) -> str:
    """Use the first of the languages that is English or has a translation, and return its code.

    Parameters
    ----------
    languages : iterable of str
        Language codes such as ``de-AT`` or ``de_AT.UTF-8``, the preferred one first.
    folder : Path, optional
        Where a person's own ``neurofeedback_XX.mo`` may be.
    """
    for name in languages:
        code = _code(name)
        if _short(code) in {ENGLISH, "C", "POSIX"}:
            break
        translations = load_translation(code, folder)
        if translations is not None:
            set_translations(translations, _short(code))
            return _short(code)
    set_translations(NullTranslations())
    return ENGLISH


def load_translation(name: str, folder: Path | None = None) -> NullTranslations | None:
    """Return the translation into a language, a person's own before the shipped one; None if there is neither."""
    code = _code(name)
    files = (f"neurofeedback_{part}.mo" for part in dict.fromkeys((code, _short(code))))
    own = () if folder is None else (folder / file for file in files)
    found = [one for path in (*own, SHIPPED / f"neurofeedback_{_short(code)}.mo") if (one := _load(path)) is not None]
    for first, second in itertools.pairwise(found):
        first.add_fallback(second)
    return found[0] if found else None


@lru_cache(maxsize=8)
def _shipped(name: str) -> NullTranslations:
    return load_translation(name) or NullTranslations()


def in_language(name: str, template: str) -> str:
    """Return a text in a language, whatever the language of the window is; English without a translation."""
    if _short(name) == ENGLISH:
        return template
    return tr(template) if _short(name) == language() else translate(_shipped(_short(name)), template)


def system_languages(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the languages of the system for a program in the terminal, the preferred one first.

    Examples
    --------
    >>> system_languages({"LANG": "de_AT.UTF-8"}), system_languages({"LANGUAGE": "de:en", "LANG": "en_GB.UTF-8"})
    (('de_AT.UTF-8',), ('de', 'en'))
    """
    for variable in _VARIABLES:
        if value := environment.get(variable, ""):
            return tuple(value.split(":")) if variable == "LANGUAGE" else (value,)
    return tuple(filter(None, [locale.normalize(locale.getlocale()[0] or "")]))  # Windows sets no variable


def known_language(name: object) -> str:
    """Return a choice of the setting ``language`` as it stands; empty, the system's, for anything else."""
    return name if isinstance(name, str) and name in LANGUAGES else ""


def _code(name: str) -> str:
    return name.partition(".")[0].partition("@")[0].replace("-", "_")


def _short(name: str) -> str:
    return _code(name).partition("_")[0]


def _load(path: Path) -> GNUTranslations | None:
    try:
        with path.open("rb") as file:
            return GNUTranslations(file)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, struct.error) as error:
        _log.warning("the translation %s cannot be read: %s", path, error)
        return None
