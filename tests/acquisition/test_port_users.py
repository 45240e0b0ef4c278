"""Who has a port open, as far as one may know."""

from __future__ import annotations

import os

import pytest

from neurofeedback.acquisition.port_users import find_port_users

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="only Linux tells")  # noqa: PTH112


def test_this_program_is_named_while_it_has_a_file_open(tmp_path):
    port = tmp_path / "port"
    port.touch()
    assert find_port_users(str(port)) == []
    with port.open():
        (name,) = find_port_users(str(port))
    assert name.endswith(f"(pid {os.getpid()})")
    assert find_port_users(str(port)) == []


def test_a_link_stands_for_what_it_points_to(tmp_path):
    (tmp_path / "ttyUSB0").touch()
    link = tmp_path / "by-id"
    link.symlink_to("ttyUSB0")
    with link.open():
        assert len(find_port_users(str(link))) == 1


def test_processes_that_end_or_belong_to_others_are_passed_over(tmp_path):
    (tmp_path / "proc" / "17").mkdir(parents=True)
    fd = tmp_path / "proc" / "18" / "fd"
    fd.mkdir(parents=True)
    (fd / "3").symlink_to(tmp_path / "port")
    assert find_port_users(str(tmp_path / "port"), tmp_path / "proc") == ["a program (pid 18)"]


def test_no_port_users_are_named_without_information(tmp_path):
    assert find_port_users("/dev/ttyUSB0", tmp_path / "nowhere") == []
