"""Strict settings: the model only, so that pure rooms stay free of files (the loader is ``settings.load``)."""

from neurofeedback.settings.evidence import Evidence, FeatureEvidence
from neurofeedback.settings.model import Settings
from neurofeedback.settings.montages import Montage
from neurofeedback.settings.profile import Profile

__all__ = ["Evidence", "FeatureEvidence", "Montage", "Profile", "Settings"]
