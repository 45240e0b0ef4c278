"""Who may read a recordings folder: its owner, a group on purpose, or everyone by the rights of an earlier version."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.storage.atomic_files import explain_disk_errors, write_json_atomic
from neurofeedback.storage.private_files import is_readable_by_others, is_shared, make_folder, restrict_tree

_ACCEPTED = ".access.json"
"""Hidden file of a dataset whose owner was asked and wants others to read it."""


def share_recordings(root: Path) -> None:
    """Give the group of a recordings folder the rights of its owner, on all that is there and all that follows.

    Raises
    ------
    RecordingError
        The folder or a file in it belongs to another user, or this user is not in the folder's group.
    """
    with _explain_rights(root):
        make_folder(root)
        if not is_shared(root) and os.name == "posix":
            restrict_tree(root, shared=True)
            if not is_shared(root):
                raise RecordingError(
                    f"the recordings in {root} cannot be shared",
                    got="a folder of a group that this user does not belong to",
                    todo="change the folder's group (chgrp), or set recordings.shared to false",
                )


def is_access_open(root: Path) -> bool:
    """Return whether a dataset holds sessions that other accounts can read, and its owner was not asked yet."""
    if not root.is_dir() or (root / _ACCEPTED).exists() or not is_readable_by_others(root):
        return False
    return any(is_readable_by_others(folder) for folder in root.glob("sub-*") if folder.is_dir())


def restrict_recordings(root: Path) -> None:
    """Take the rights of other accounts from a recordings folder and all below it.

    Raises
    ------
    RecordingError
        The folder or a file in it belongs to another user.
    """
    with _explain_rights(root):
        restrict_tree(root)


def accept_access(root: Path) -> None:
    """Remember that the owner wants other accounts to read a recordings folder."""
    with _explain_rights(root):
        write_json_atomic(root / _ACCEPTED, {"readable_by_others": True})


def _explain_rights(root: Path) -> AbstractContextManager[None]:
    return explain_disk_errors(
        f"the rights of {root} cannot be changed", todo="ask the owner of the folder, or choose another one"
    )
