"""Strict settings as frozen models. Files are read in ``settings.load``, so that pure rooms need no disk."""

from neurofeedback.settings.evidence import Evidence, FeatureEvidence
from neurofeedback.settings.model import Settings
from neurofeedback.settings.montages import Montage
from neurofeedback.settings.resolved_profile import Profile

__all__ = ["Evidence", "FeatureEvidence", "Montage", "Profile", "Settings"]
