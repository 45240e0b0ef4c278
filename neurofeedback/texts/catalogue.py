"""The text catalogue: English templates, and their translations where there are any.

Every module of this package holds templates as constants, by the place where a person reads them. A caller shows one by
``tr(home.MINUTES_LEFT, minutes=3)``: it is looked up in the gettext catalogue of the chosen language, then its named
fields are filled in.
"""

from __future__ import annotations

from gettext import NullTranslations

_active: list[NullTranslations] = [NullTranslations()]


def set_translations(translations: NullTranslations) -> None:
    """Use these translations from now on; ``NullTranslations()`` is English."""
    _active[0] = translations


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
    text = _active[0].gettext(template)
    if not fields:
        return text
    try:
        return text.format(**fields)
    except (KeyError, IndexError, ValueError):  # a translation with a wrong field must not hide the text
        return template.format(**fields)
