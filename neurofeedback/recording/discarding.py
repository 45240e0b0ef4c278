"""Moving a session to the bin of its dataset."""

from __future__ import annotations

from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.masking.masked_sessions import is_sealed, read_study_start
from neurofeedback.storage.bin import BinnedSession, move_to_bin


def discard_session(files: SessionFiles) -> BinnedSession:
    """Move a session to the bin; nothing is deleted.

    Raises
    ------
    RecordingError
        It belongs to a study, is being recorded, is gone, or cannot be moved.
    """
    if _belongs_to_study(files):  # else its visit would be due again, with another series of a sham
        raise RecordingError(
            "a sitting of a study is not deleted",
            got=files.session_prefix,
            todo="leave it; the protocol's rules decide whether it counts, and `participant withdraw` removes a person",
        )
    return move_to_bin(files.root, files.session_prefix, (files.raw, files.derived), files.lock_path)


def _belongs_to_study(files: SessionFiles) -> bool:
    try:
        return is_sealed(files) or read_study_start(files) is not None
    except RecordingError:  # its start was lost, or it is a sitting without a headset
        return False
