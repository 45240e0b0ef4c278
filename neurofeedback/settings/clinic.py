"""Contacts of a clinic, shown to a person whose answer calls for help."""

from __future__ import annotations

from pydantic import Field

from neurofeedback.settings.base import SettingsModel


class ClinicContacts(SettingsModel):
    """Whom to call; in ``clinic.toml`` of the user's settings folder."""

    clinic: str = Field(min_length=1, max_length=200, description="the clinic with its telephone number")
    emergency: str = Field(min_length=1, max_length=100, description="emergency number")
    crisis_line: str = Field(min_length=1, max_length=200, description="crisis line with its number")
