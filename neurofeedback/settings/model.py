"""All settings of a profile. ``docs/algorithm.md`` describes the steps that they control."""

from __future__ import annotations

from pydantic import Field, model_validator

from neurofeedback.settings.audio_feedback import AudioSettings, BellSettings, CalmSettings, FeedbackSettings
from neurofeedback.settings.base import SettingsModel
from neurofeedback.settings.estimation import (
    BaselineSettings,
    ConfidenceSettings,
    DecoderSettings,
    DrowsinessSettings,
    IndexSettings,
    ThresholdSettings,
)
from neurofeedback.settings.session import (
    PacerSettings,
    PhaseSettings,
    ProbeSettings,
    QuestionnaireSettings,
    RecordingSettings,
)
from neurofeedback.settings.signal import (
    BandSettings,
    ContactSettings,
    EnvelopeSettings,
    FeatureSettings,
    FilterSettings,
    GapSettings,
    GateSettings,
    SpectrumSettings,
)


class Settings(SettingsModel):
    """The settings of one profile; saved with every session."""

    name: str = Field(default="default", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", description="name of the profile")
    montage: str = Field(default="device", description="name of the montage; device for the one of the headset")
    phases: PhaseSettings = PhaseSettings()
    gaps: GapSettings = GapSettings()
    filters: FilterSettings = FilterSettings()
    gate: GateSettings = GateSettings()
    contact: ContactSettings = ContactSettings()
    spectrum: SpectrumSettings = SpectrumSettings()
    bands: BandSettings = BandSettings()
    features: FeatureSettings = FeatureSettings()
    envelope: EnvelopeSettings = EnvelopeSettings()
    baseline: BaselineSettings = BaselineSettings()
    index: IndexSettings = IndexSettings()
    confidence: ConfidenceSettings = ConfidenceSettings()
    threshold: ThresholdSettings = ThresholdSettings()
    feedback: FeedbackSettings = FeedbackSettings()
    bell: BellSettings = BellSettings()
    calm: CalmSettings = CalmSettings()
    drowsiness: DrowsinessSettings = DrowsinessSettings()
    pacer: PacerSettings = PacerSettings()
    probes: ProbeSettings = ProbeSettings()
    decoder: DecoderSettings = DecoderSettings()
    audio: AudioSettings = AudioSettings()
    questionnaires: QuestionnaireSettings = QuestionnaireSettings()
    recordings: RecordingSettings = RecordingSettings()

    @model_validator(mode="after")
    def _check_ranges(self) -> Settings:
        if self.gate.blink_min_uv > self.gate.blink_max_uv:
            msg = "gate.blink_min_uv is above gate.blink_max_uv"
            raise ValueError(msg)
        if self.gate.emg_low_hz >= self.gate.emg_high_hz:
            msg = "gate.emg_low_hz is not below gate.emg_high_hz"
            raise ValueError(msg)
        for name in ("beta_hz", "delta_hz"):
            low, high = getattr(self.bands, name)
            if not 0 < low < high <= 60:
                msg = f"bands.{name} must be two rising frequencies within 0 to 60 Hz"
                raise ValueError(msg)
        if msg := self.bands.empty_band_message((self.gate.emg_low_hz, self.gate.emg_high_hz), self.spectrum.window_s):
            raise ValueError(msg)
        return self
