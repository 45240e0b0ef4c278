"""Cut the two seconds before each answer or mark into MNE epochs, and print their alpha power.

python docs/examples/around_events.py recordings/sub-01/ses-20261122T091500
"""

import sys

import mne

import neurofeedback as nf

raw, _ = nf.read_session(sys.argv[1])
events, kinds = mne.events_from_annotations(raw, regexp="^(answer|press|mark|phase)")
epochs = mne.Epochs(raw, events, kinds, tmin=-2, tmax=0, baseline=None, reject_by_annotation=True, preload=True)
print(f"{len(epochs)} epochs of 2 s, {len(events) - len(epochs)} left out (gap or start of recording)")
for kind in kinds:
    if not len(epochs[kind]):
        continue
    power = epochs[kind].compute_psd(fmin=8, fmax=12).get_data().mean() * 1e12
    print(f"{kind}: mean alpha power {power:.2f} µV²/Hz")
