"""Plot the spectrum of each phase of a session with MNE: how alpha changes from baseline to practice.

python docs/examples/spectrum_by_phase.py recordings/sub-01/ses-20261122T091500
"""

import sys

import matplotlib.pyplot as plt

import neurofeedback as nf

raw, _ = nf.read_session(sys.argv[1])
phases = [(note["onset"], note["description"]) for note in raw.annotations if note["description"].startswith("phase/")]
ends = [onset for onset, _ in phases[1:]] + [raw.duration]

figure, axes = plt.subplots(layout="constrained")
for (start, phase), end in zip(phases, ends, strict=True):
    if end - start > 4:
        piece = raw.copy().crop(start, end, include_tmax=False)
        spectrum = piece.compute_psd(fmin=1, fmax=45, n_fft=int(2 * raw.info["sfreq"]), reject_by_annotation=True)
        density = spectrum.get_data().mean(axis=0) * 1e12
        axes.semilogy(spectrum.freqs, density, label=phase.removeprefix("phase/"))
axes.set(xlabel="Frequency (Hz)", ylabel="Mean over channels (µV²/Hz)")
axes.legend()
figure.savefig("spectrum_by_phase.png")
