"""What an import reports: rate, clock, counter, channels, units and marks."""

# rate and clock
RATE_DISAGREES = (
    "The sampling rate is {sfreq:g} Hz by its {source}, but {other:g} Hz by its {other_source}; {sfreq:g} Hz is used."
)
STATED_RATE = "The sampling rate is {sfreq:g} Hz as stated; by its {other_source} it is {other:g} Hz."
CLOCK_SET_BACK = (
    "The clock was set back ({n} x), first by {seconds:.6g} s at row {row}; time goes on from the row before."
)
CLOCK_SET_FORWARD = (
    "The clock was set forward by whole hours ({n} x), first by {seconds:.6g} s at row {row}; this is no gap."
)
CLOCK_INVALID = "{n} time stamps are invalid, the first at row {row}; they were interpolated."
COUNTER_UNUSABLE = "The packet counter cannot be used: {reason}. Lost samples are found by {source}."
COUNTER_IRREGULAR = "it does not count regularly"
COUNTER_AGAINST_CLOCK = "it shows {n:,} lost samples where the time stamps show {n_clock:,}"
COUNTER_ALONE = "The file has no usable time stamps; losses longer than a turn of the packet counter cannot be seen."
BY_CLOCK = "the time stamps"
BY_NOTHING = "nothing, so holes cannot be seen"
NO_CLOCK_OR_COUNTER = "The file has neither time stamps nor a packet counter; holes in it cannot be seen."
CLOCK_UNEXPLAINED = (
    "The time stamps span {clock_s:.2f} s and the samples with their gaps {samples_s:.2f} s; the difference "
    "is not placed."
)
UNUSUAL_RATE = (
    "The sampling rate of {sfreq:g} Hz is by irregular time stamps alone and no device's; "
    "state it with --sfreq if it is wrong."
)
SCATTERED_STAMPS = (
    "The time stamps scatter by {scatter_ms:.0f} ms about the samples; gaps and marks that are placed by time are "
    "exact to about that."
)
SHORT_PACKETS = (
    "{share:.1%} of the packets hold fewer than {n} rows; the time stamps do not show which rows of them are lost."
)
ATHENA_SCALED = "BrainFlow {version} gave an Athena's samples 4.55 times too large and off center; they were corrected."
SOURCE_STATED = "statement"
SOURCE_CLOCK = "time stamps"
SOURCE_COUNTER = "packet counter"
SOURCE_HEADER = "header"
SOURCE_NOMINAL = "device"

# why a channel is left out
IS_COUNTER = "packet counter"
IS_CLOCK = "time stamps"
IS_QUALITY = "contact quality"
IS_TRIGGER = "marks"
IS_MOTION = "motion sensor"
IS_HEART = "heart or pulse"
IS_MUSCLE = "muscle"
IS_EYE = "eye movement"
IS_BREATH = "respiration"
IS_SKIN = "skin or temperature"
IS_REFERENCE = "reference or ground"
IS_AUX = "auxiliary input"
IS_STATE = "state of the device"
IS_BAND_POWER = "computed band power"
OTHER_TYPE = "type {kind}"
OTHER_UNIT = "unit {unit}, which is no voltage"
RISING_VALUES = "values that only rise, as a clock does"
COUNTING_VALUES = "values that count"
TOO_LARGE_VALUES = "values above 1 V, which no electrode has"
OTHER_RATE = "{sfreq:g} Hz, another rate than the EEG"
OTHER_STREAM = "another stream, of type {kind}"
UNUSED_COLUMN = "not EEG"

# units
UNIT_JUDGED = (
    "The unit of {channels} is {got}; by the size of the values it is read as {unit}. If this is wrong, pass --unit."
)
UNIT_MISSING = "not given"
UNIT_UNKNOWN = "{unit!r}, which is not known"

# marks
MARKS_OUTSIDE = "{n} marks are before the first or after the last sample and were left out."

# rows
TORN_ROW = "The last line is cut off; the {n} complete lines are used."
DISCONNECTED_ROWS = "{n} rows while the headset was disconnected repeat old values and are lost samples."

# sizes and files
SIZE_IMPLAUSIBLE = (
    "The EEG has a typical size of {size:.3g} uV; scalp EEG has 0.3 to 5000 uV. The file's unit may be wrong."
)
NO_RANGE = "no range of values in the header"
OTHER_SIZE = "The header gives {announced:,} data records, the file holds {found:,}; those it holds are read."
NO_RECORD_TIMES = "The file may have gaps, but does not give the times of its records; gaps cannot be seen."
RECORD_TIMES_UNUSED = "The times of the data records do not fit their duration; the records are read without gaps."
GAPS_IN_CONTINUOUS = "The header calls the file continuous, but the times of its records have gaps; they are marked."
RECORDS_OVERLAP = (
    "{n} data records begin before the end of the one before, first record {record} by up to {seconds:.3g} s; "
    "each is placed after the one before."
)
NO_MARKER_FILE = "The marker file that the header names is missing; there are no marks."
RENAMED = "The header names {named}, which is not there; {used} is read, as the files were renamed together."
TWO_CANDIDATES = "The header names {used}, which is read, but {other} is there as well; check that it is the right one."
PAUSE_UNKNOWN = "The recording was paused ({n} x) for an unknown time; what follows is placed without a gap."
SPLIT_FILE = "The recording is split into {n} files, which are read together."
SEVERAL_EEG_STREAMS = "The file holds {n} EEG streams ({names}); {used}, the largest, is read."

# the table of an import
ROW_FILE = "file"
ROW_FORMAT = "format"
ROW_LENGTH = "length"
ROW_RATE = "sampling rate"
ROW_EEG = "EEG channels"
ROW_LEFT_OUT = "left out"
ROW_GAPS = "gaps"
ROW_MARKS = "marks"
ROW_CLOCK_FAULTS = "clock faults"
ROW_NOTICE = "notice"
ROW_FINDING = "check: {item}"
FINDING = "{item}: {text}"
ROW_RESULT = "result"
LENGTH = "{seconds:.2f} s ({n:,} samples)"
RATE = "{sfreq:g} Hz, from {source}"
EEG_CHANNELS = "{n}: {names} (unit in the file: {units})"
GAPS = "{n}, together {lost_s:.2f} s, the longest {longest_s:.2f} s"
MARKS = "{n} read, {n_outside} outside the recording"
CLOCK_FAULT = "{kind} ({n} x, first at row {row})"
NOTHING = "none"
NO_FINDINGS = "nothing unusual was found"
IMPORT_SUMMARY = "Import of {name}"
DRY_RUN = "Dry run: nothing was written."

# export
COARSE_STEPS = (
    "{format} stores {channels} in steps of up to {step_uv:.2g} uV, as the range of values is large; "
    "bdf and fif are finer."
)

CHANNEL_USES = ("eeg", "marks", "clock", "counter", "left out")
CLOCK_FAULTS = ("set back", "set forward", "clumped", "invalid")
