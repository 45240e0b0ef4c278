"""Plot the index over a session where it is valid, with the threshold.

python docs/examples/index_over_time.py recordings/sub-01/ses-20261122T091500
"""

import sys

import matplotlib.pyplot as plt

import neurofeedback as nf

_, frames = nf.read_session(sys.argv[1])
valid = frames[(frames["valid"] == 1) & frames["index_u"].notna()]

figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
axes.plot(valid["onset"] / 60, valid["index_u"], ".", markersize=2, label="index")
axes.plot(frames["onset"] / 60, frames["threshold"], label="threshold")
axes.set(xlabel="Time (min)", ylabel="Index (baseline spreads)", title="Mind-wandering index (EEG proxy)")
axes.legend()
figure.savefig("index_over_time.png")

practice = valid[valid["phase"] == "practice"]
print(f"practice: {len(practice)} valid frames, reward in {practice['reward'].mean():.0%} of them")
