"""The text catalogue: English templates, and their translations where there are any.

Every module of this package holds templates as constants, by the place where a person reads them. A caller shows one by
``tr(home.MINUTES_LEFT, minutes=3)``: it is looked up in the gettext catalogue of the chosen language, then its named
fields are filled in. What is recorded is always English: ``english`` in place of ``tr``, or all within ``in_english``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from gettext import NullTranslations
from numbers import Real
from string import Formatter
from types import ModuleType

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.texts.technical import errors

ENGLISH = "en"
DECIMAL_SIGN = "decimal sign: ."
"""Its translation ends with the decimal sign of the language."""
ERROR_TEMPLATES = "error templates"
"""Its translation lists the English templates of errors that have fields and a translation, one a line."""

_active: list[tuple[NullTranslations, str]] = [(NullTranslations(), ENGLISH)]
_english_only: ContextVar[bool] = ContextVar("english_only", default=False)
_SWAP = str.maketrans(".,", ",.")


class _CommaFormatter(Formatter):
    """Formats templates with a decimal comma in the numbers of their fields."""

    def format_field(self, value: object, format_spec: str) -> str:
        text = format(value, format_spec)
        return text.translate(_SWAP) if isinstance(value, Real) else text


class _StoredFormatter(Formatter):
    """Formats templates with fields that are texts already."""

    def format_field(self, value: object, format_spec: str) -> str:
        return str(value)


def set_translations(translations: NullTranslations, language: str = ENGLISH) -> None:
    """Use these translations from now on; ``NullTranslations()`` is English."""
    _active[0] = translations, language


def language() -> str:
    """Return the language code of the texts, such as ``de``."""
    return _active[0][1]


@contextmanager
def in_english() -> Iterator[None]:
    """Return English texts within the block and its thread, for what is recorded or read by programs."""
    token = _english_only.set(True)
    try:
        yield
    finally:
        _english_only.reset(token)


def english(template: str, /, **fields: object) -> str:
    """Return a text in English with its named fields filled in, for what is recorded."""
    return template.format(**fields) if fields else template


def tr(template: str, /, **fields: object) -> str:
    """Return a text in the chosen language, with its named fields filled in.

    Parameters
    ----------
    template : str
        The English template.
    **fields
        Values of its named fields. Without any the text is returned as it stands, braces included.

    Examples
    --------
    >>> tr("{minutes} minutes left", minutes=3)
    '3 minutes left'
    """
    if not template:
        return ""
    if _english_only.get():
        return english(template, **fields)
    if language() != ENGLISH:
        fields = {name: error_text(value) if isinstance(value, Exception) else value for name, value in fields.items()}
    return translate(_active[0][0], template, **fields)


def translate(translations: NullTranslations, template: str, /, **fields: object) -> str:
    """Return a text in the language of these translations; English if its translation has a wrong field."""
    text = translations.gettext(template)
    if not fields or text is template:
        return english(text, **fields)
    formatter = _CommaFormatter() if translations.gettext(DECIMAL_SIGN).endswith(",") else Formatter()
    try:
        return formatter.vformat(text, (), fields)
    except (KeyError, IndexError, ValueError, AttributeError):  # a wrong field must not hide the text
        return template.format(**fields)


def error_text(error: Exception) -> str:
    """Return the message of an error in the chosen language; in English if a part of it has no translation."""
    if not isinstance(error, NeurofeedbackError) or _english_only.get() or language() == ENGLISH:
        return str(error)
    what, todo = _translated_error(error.what), _translated_error(error.todo)
    if what is None or todo is None:
        return str(error)
    details: list[str] = []
    if error.got is not None:
        details.append(tr(errors.GOT, got=_translated_error(str(error.got)) or error.got))
    if error.allowed:
        details.append(tr(errors.ALLOWED, allowed=_translated_error(error.allowed) or error.allowed))
    listed = "; ".join(filter(None, (*details, todo)))
    sentence = f"{what}: {listed}" if listed else what
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def _translated_error(text: str) -> str | None:
    """Return a part of an error in the chosen language; None if it has no translation."""
    translations = _active[0][0]
    if not text:
        return ""
    if (translated := translations.gettext(text)) is not text:
        return translated
    for template in translations.gettext(ERROR_TEMPLATES).split("\n"):
        if (found := _pattern(template).fullmatch(text)) is not None:
            return _StoredFormatter().vformat(translations.gettext(template), (), found.groupdict())
    return None


def localize_number(text: str) -> str:
    """Return a formatted number with the decimal sign of the chosen language."""
    return text.translate(_SWAP) if tr(DECIMAL_SIGN).endswith(",") else text


def tr_stored(text: str, templates: Iterable[str]) -> str:
    """Return a recorded English text in the chosen language; as it stands if it is of none of the templates.

    Examples
    --------
    >>> tr_stored("Gaps: 3.", ["Gaps: {n}.", "No gaps."])
    'Gaps: 3.'
    """
    if _english_only.get() or language() == ENGLISH:
        return text
    for template in templates:
        if (found := _pattern(template).fullmatch(text)) is not None:
            translated = _active[0][0].gettext(template)
            try:
                return _StoredFormatter().vformat(translated, (), found.groupdict())
            except (KeyError, IndexError, ValueError, AttributeError):
                return text
    return text


def templates_of(module: ModuleType) -> tuple[str, ...]:
    """Return the templates of a module of texts, those with the most words of their own first, for `tr_stored`."""
    templates = (value for name, value in vars(module).items() if name.isupper() and isinstance(value, str))
    return tuple(sorted(templates, key=lambda text: -sum(len(literal) for literal, *_ in Formatter().parse(text))))


@lru_cache(maxsize=512)
def _pattern(template: str) -> re.Pattern[str]:
    """Return the pattern of a template's filled-in texts, with a group for each of its fields."""
    parts, seen = [], set[str]()
    for literal, field, _, _ in Formatter().parse(template):
        parts.append(re.escape(literal))
        if field is not None:
            parts.append(f"(?P={field})" if field in seen else f"(?P<{field}>.+?)")
            seen.add(field)
    return re.compile("".join(parts), re.DOTALL)
