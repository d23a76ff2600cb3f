"""Standard streams that are closed, full, without a reader, slow: members of surroundings_test.py."""
import fcntl
import os
import resource
import signal
import subprocess
import threading
import time

from support import check
from surroundings import COUNT, Place, commands, ordinary


def closed(fd):
    return {"preexec_fn": lambda: os.close(fd)}


def full(fd):
    return {"stdout" if fd == 1 else "stderr": open("/dev/full", "w")}


def gone(fd):
    """A pipe whose reader has left."""
    reader, writer = os.pipe()
    os.close(reader)
    return {"stdout" if fd == 1 else "stderr": os.fdopen(writer, "wb")}


def gone_and_signal_ignored(fd):
    return {**gone(fd), "preexec_fn": lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN), "restore_signals": False}


def streams(disturb, fd, lost):
    """`lost`: what is printed there cannot be written, so it is exit code 4 for standard output."""

    def member(program, scratch):
        there, normally = ordinary(program)
        place = Place(program, scratch / "x")
        for name, command in {"run": place.command, **commands(program, there.output)}.items():
            got = subprocess.run([str(c) for c in command], timeout=120,
                                 **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
                                    "text": True, **disturb(fd)})
            if name == "run":
                place.whole(name)
                check(got.returncode == (4 if lost and fd == 1 else 0), f"run: exit code {got.returncode}: {got.stderr}")
                continue
            normal = normally[name]
            want = 4 if lost and fd == 1 and normal.stdout else normal.returncode
            check(got.returncode == want, f"{name}: exit code {got.returncode}, not {want}: {got.stderr}")
            if fd == 2:
                check(got.stdout == normal.stdout, f"{name}: another output")
            if want == 4:
                check("standard output cannot be written" in got.stderr, f"{name}: does not say so: {got.stderr!r}")
    return member


def all_closed(program, scratch):
    place = Place(program, scratch / "x")
    result = subprocess.run([str(c) for c in place.command], preexec_fn=lambda: [os.close(fd) for fd in (0, 1, 2)],
                            timeout=120)
    check(result.returncode == 4, f"exit code {result.returncode}")  # its summary is lost, the journal is not
    place.whole("all closed")


def slow_and_non_blocking(program, scratch):
    """Another program that shares a pipe may have set it to non-blocking: full is no failure then."""
    del scratch
    command = [str(program), *COUNT, "--convention", "all"]
    normal = subprocess.run(command, capture_output=True, timeout=120)
    check(normal.returncode == 0, f"{normal.stderr}")
    reader, writer = os.pipe()
    fcntl.fcntl(writer, 1031, 4096)  # F_SETPIPE_SZ
    os.set_blocking(writer, False)
    os.write(writer, b"x" * 4096)
    got = [b""]

    def read_late():
        time.sleep(0.5)
        while chunk := os.read(reader, 100):
            got[0] += chunk

    thread = threading.Thread(target=read_late)
    thread.start()
    result = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, timeout=120)
    os.close(writer)
    thread.join()
    os.close(reader)
    check(result.returncode == normal.returncode, f"exit code {result.returncode}: {result.stderr}")
    check(got[0][4096:] == normal.stdout, "a part of the output is lost")


def output_at_the_limit_of_file_sizes(program, scratch):
    with open(scratch / "out", "w") as out:
        result = subprocess.run([str(program), "list", "variants"], stdout=out, stderr=subprocess.PIPE, text=True, timeout=120,
                                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)))
    check(result.returncode == 4, f"exit code {result.returncode}: {result.stderr}")
