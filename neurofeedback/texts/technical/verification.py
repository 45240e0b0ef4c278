"""Results of ``neurofeedback verify``, check by check."""

# samples, rate, drift, gaps
NO_CLOCK = "no clock in the file"
TOO_SHORT = "too short to compare with its clock"
CLOCK_STANDS = "its clock does not run"
HOST_CLOCK = "the host's clock"
FILE_CLOCK = "the file's timestamps"
SAMPLES_WITHOUT_CLOCK = "{reason} ({n:,} samples, {duration_s:.1f} s at {sfreq:g} Hz)"
SAMPLES = "{n:,} present, {n_expected:,} expected by {clock} in {expected_s:.2f} s"
SAMPLES_WRONG = "{expected_s:.1f} s are recorded as {duration_s:.1f} s: {samples}"
RATE = "{sfreq:.2f} Hz by {clock}, nominal {nominal:g} Hz ({deviation:+.2%})"
RATE_CONTRADICTED = "its header or device says {other:g} Hz, its clock {sfreq:g} Hz"
DRIFT_TOO_SHORT = "too short to measure"
DRIFT = "{drift}; jitter {jitter_ms:.1f} ms, at most {late_ms:.0f} ms late"
DRIFT_WITH_DEVICE = "{drift}; by the device's clock {device_drift}"
DRIFT_PPM = "{ppm:+.1f} ppm of nominal ({low:+.1f} to {high:+.1f})"
JUMPS = "{jumps} of the clock with no lost samples to explain it: {places}"
JUMP = "{seconds:+.2f} s at {at_s:.1f} s"
NO_JUMPS = "no time is missing between samples"

# loss, duplicates
NO_LOSS = "no sample is marked as lost"
LOSS = "{n:,} samples ({share:.2%}) in {runs}, the longest {longest_s:.3f} s"
LOST_NOT_ZERO = "{samples} marked as lost hold values instead of zeros"
REPEATS = (
    "{repeated_s:.1f} s of {duration_s:.1f} s repeat earlier samples exactly ({places}; {first_s:.2f} s at "
    "{at_s:.2f} s are those of {lag_s:.2f} s before)"
)
STALE_BLOCKS = "{blocks} of {size} samples repeat the one before and are not marked"
NO_DUPLICATES = "no stretch is there twice"

# reads, markers
NOT_A_SESSION = "not a session of this program"
IMPORTED_WITHOUT_CLOCK = "it was imported from a file without a clock"
NO_READS = "timing.tsv lists no read"
READ_GAP = "the read at sample {start} does not follow the one before, which ends at {stop}"
SAMPLES_MISSING = "{samples} that were read are missing at the end of the file"
SAMPLES_EXTRA = "{samples} at the end of the file belong to no read"
READS = "{reads} follow each other to the last sample"
DIFFERENT_GAPS = "{name} and timing.tsv list different gaps ({difference})"
DIFFERENT_EVENTS = ".vmrk and events.tsv list different events ({difference})"
GAPS_MISSING = "{n} missing"
GAPS_EXTRA = "{n} too many"
GAPS = "{gaps}, the same in .vmrk, events.tsv and timing.tsv"
NO_GAPS = "no gap in any file"

# frames
IMPORTED_WITHOUT_FRAMES = "it was imported, so there were no frames"
NO_FRAME_LOG = "the frame log is missing"
UNUSABLE_SETTINGS = "the session's settings cannot be used here"
REPLAY_FAILED = "the replay fails: {error}"
UNLOGGED = "; the last {frames} had not been logged when it broke off"
FRAMES_IDENTICAL = "{frames} identical to a fresh replay{unlogged}"
FRAMES_CLOSE = "{frames} equal a fresh replay to {tolerance:g}, not byte for byte ({reason}){unlogged}"
FRAMES_OTHER_VERSION = "recorded by another version of this program ({reason}); {difference}"
FRAMES_DIFFER = "log and fresh replay differ at {difference}"
SAME_VERSIONS = "the same versions, so another processor"
UNKNOWN_VERSIONS = "versions then unknown"
VERSION_CHANGED = "{package} {then} then, {here} here"
FRAME_COUNTS_DIFFER = "{n_logged} frames in the log, {n_replayed} in the replay"

# summary
NOT_COMPLETED = "the session broke off and is not completed yet; the next start does it"
SUMMARY_VALUE = "{name} is {value!r}, the files say {expected!r}"
SUMMARY_DURATION = "duration_s is {duration_s:g}, the reads say {by_reads_s:.3f}"
SUMMARY = "agrees with the files"
SUMMARY_RECOVERED = "agrees with the files; the session broke off and was completed later"

# answers, entries and the change log
LINE_UNREADABLE = "{path}, line {line} cannot be read"
LINE_CHANGED = "{path}, line {line} was changed after it was written"
LINE_ORDER = "{path}: a line before line {line} was removed, added or moved"
LINE_TORN = "{path}, line {line} is not complete; the next entry sets it aside"
LINE_REMOVED = "a line of {what} of {participant}, written {at}, was removed from the record"
MERGED_REMOVED = "lines of {what} that were merged {at} were removed"
FORM_CHANGED = "{path} is missing, or not the form as it was asked"
TABLE_MISSING = "{path} is missing; its answers are in the record"
TABLE_CHANGED = "{path} was changed: row {rows} is not as in the record"
TABLE_UNKNOWN = "{path} is not in the record"
TABLES_AGREE = "tables agree with the record"
EVENTS_CHANGED = "events.tsv was changed after the session was closed"
EVENTS_AS_CLOSED = "events as they were when the session was closed"

COUNTS = {
    "sample": ("{n:,} sample", "{n:,} samples"),
    "block": ("{n:,} block", "{n:,} blocks"),
    "read": ("{n:,} read", "{n:,} reads"),
    "gap": ("{n:,} gap", "{n:,} gaps"),
    "frame": ("{n:,} frame", "{n:,} frames"),
    "run": ("{n:,} run", "{n:,} runs"),
    "jump": ("{n:,} jump", "{n:,} jumps"),
    "place": ("{n:,} place", "{n:,} places"),
    "line": ("{n:,} line", "{n:,} lines"),
    "form": ("{n:,} form", "{n:,} forms"),
    "answered form": ("{n:,} answered form", "{n:,} answered forms"),
}
"""A number of things, of one and of several."""

ITEMS = (
    "record", "change log", "forms", "tables", "events", "answers", "reads", "markers", "frames", "summary", "samples",
    "rate", "drift", "gaps", "loss", "duplicates",
)  # fmt: skip
"""What is checked, as the results name it."""

STATUSES = ("ok", "wrong", "cannot be judged")
