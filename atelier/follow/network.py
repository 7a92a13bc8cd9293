"""A network of its own for this process and what it starts, so that its ports are free.

Lessons name their ports. In a network namespace of its own (Linux, network_namespaces(7))
each run of lessons has them all, and runs go side by side. What must be fetched from outside
goes through a proxy that stays there (atelier/follow/proxy.py).
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from atelier.harness.family import keep

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000  # sched.h
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1  # netdevice(7)
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
_INDEXES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIPENV_PYPI_MIRROR", "PIP_CONFIG_FILE")
_HERE = ("localhost", "127.0.0.1", "[::1]")
_PROBE = "from atelier.follow.network import enter_own_network; enter_own_network()"


class NoNetwork(Exception):
    """This process can have no network of its own."""


_entered: dict[str, str] | None = None


def enter_own_network() -> Mapping[str, str]:
    """Be in a network of its own from now on; return the variables that lead outside.

    For a process with one thread. Raises NoNetwork where the system does not grant it.
    """
    global _entered  # noqa: PLW0603 - a fact about this process
    if _entered is None:
        ours, theirs = socket.socketpair()
        with theirs:
            proxy = subprocess.Popen(
                [sys.executable, "-I", "-m", "atelier.follow.proxy", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            _unshare()
        except OSError as error:
            ours.close()
            proxy.wait()
            raise NoNetwork(str(error)) from error
        keep(proxy.pid)
        with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
            socket.send_fds(ours, [b"x"], [listener.fileno()])
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        os.set_inheritable(ours.fileno(), False)
        ours.detach()  # closed with this process: the proxy ends then
        _entered = dict.fromkeys(_PROXIES, address)
    return _entered


def _unshare() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    # Without privileges a network comes only with a user namespace, where one stays oneself.
    flags = _CLONE_NEWNET if user == 0 else _CLONE_NEWNET | _CLONE_NEWUSER
    if libc.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    if user != 0:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack_from("16sh", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))


def can_have_own_network() -> bool:
    """Whether processes here can have a network of their own, and reach what they fetch."""
    if sys.platform != "linux" or any(os.environ.get(name) for name in _PROXIES):
        return False
    if any(here in os.environ.get(name, "") for name in _INDEXES for here in _HERE):
        return False  # an index on this machine is not outside
    return _is_granted()


@cache
def _is_granted() -> bool:
    tried = subprocess.run([sys.executable, "-I", "-c", _PROBE], capture_output=True, check=False)
    return tried.returncode == 0
