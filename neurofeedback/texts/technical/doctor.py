"""Findings and remedies of ``neurofeedback doctor``."""

from __future__ import annotations

NOT_INSTALLED = "not installed"
OTHER_VERSION = "{version}, not {required}"

NOT_WRITABLE = "{folder} cannot be written ({reason})"
MAKE_WRITABLE = "pass --recordings DIR, or {command}"
FREE_SPACE = "{folder}, {free_gb} GB free"
DISK_FULL = "free disk space, or pass --recordings DIR on another disk"

DISPLAY_AVAILABLE = "available"
NO_DISPLAY = "none"
USE_TERMINAL = "add --headless to train in the terminal"
ALL_LIBRARIES = "all installed"
MISSING_LIBRARIES = "{n} missing"

NO_SOUND = "no real sound device"
NO_SOUND_REASON = "no real sound device ({reason})"
CONNECT_SOUND = (
    "connect loudspeakers or headphones (on a bare Linux: sudo apt-get install pulseaudio), or --audio FILE.wav"
)

NOT_CHECKED = "not checked on this system"
NO_ADAPTER = "no adapter"
PLUG_IN_ADAPTER = "plug one in; only Muse and Ganglion need it"
NO_SYSTEM_BUS = "{adapters}, but no system bus"

NO_PERMISSION = "no permission to open {ports}"
LOG_IN_AGAIN = "{command}, then log in again"
NO_DONGLE = "no dongle plugged in; only Cyton needs one"

# the anonymous report; what it lists is for a developer and stays as it is
REPORT_SYSTEM = "system"
REPORT_PACKAGES = "packages"
REPORT_DISK = "recordings"
REPORT_SOUND = "sound"
REPORT_BLUETOOTH = "Bluetooth"
REPORT_PERMISSIONS = "permissions"
REPORT_DEVICES = "devices"
REPORT_FOUND = "in reach"
REPORT_ERRORS = "last errors"
REPORT_NONE = "none"
REPORT_HINT = "This report names no person, computer, folder or participant. Read it before you send it."

# what a setting accepts
NUMBER_RANGE = "{type}, {low} to {high}"
SEVERAL_NUMBERS = "{n} numbers"
NAMES = "names, in brackets"
TRUE_OR_FALSE = "true or false"
TEXT = "text"
