#!/usr/bin/python3
"""without_syscall.py NUMBER PROGRAM [ARGUMENT...]: runs PROGRAM where this system call is forbidden
(EPERM), as containers forbid some."""

import ctypes
import os
import struct
import sys

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38
SECCOMP_MODE_FILTER = 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # of BPF, on words
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | 1  # EPERM


class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("program", ctypes.c_char_p)]


def forbid(number):
    steps = [(LOAD, 0, 0, 0),  # the call's number
             (JUMP_IF_EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW)]
    program = b"".join(struct.pack("HBBI", *step) for step in steps)
    libc = ctypes.CDLL(None, use_errno=True)
    chosen = Filter(len(steps), program)
    if (libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
            or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(chosen), 0, 0) != 0):
        raise OSError(ctypes.get_errno(), "prctl: no filter of system calls")


if __name__ == "__main__":
    forbid(int(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])
