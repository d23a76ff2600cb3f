"""Runs figure scripts in processes that need not import pandas and matplotlib again: each is forked from one that has.
How users start the scripts, tests/plots/surroundings_test.py does.
"""
import atexit
import functools
import json
import os
import runpy
import subprocess
import sys
import tempfile

# An isolated interpreter, as figures take for themselves; a warning (a glyph that is missing, a layout that collapsed) is
# a failure.
FLAGS = ["-I", "-B", "-X", "utf8", "-W", "error::UserWarning"]


def run(script, *arguments):
    """What subprocess.run of the script gives, its output as text."""
    with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
        asked = {"argv": [script, *arguments], "streams": [out.name, err.name], "folder": os.getcwd()}
        server = _server()
        server.stdin.write(json.dumps(asked) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        return subprocess.CompletedProcess(asked["argv"], code, *(file.read().decode() for file in (out, err)))


@functools.cache
def _server():
    server = subprocess.Popen([sys.executable, *FLAGS, os.path.abspath(__file__)], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    atexit.register(server.communicate)  # which ends it
    return server


def _become(argv, streams, folder):
    for stream, path in zip((1, 2), streams):
        file = os.open(path, os.O_WRONLY)
        os.dup2(file, stream)
        os.close(file)
    os.chdir(folder)
    sys.argv = argv
    runpy.run_path(argv[0], run_name="__main__")


def _serve():
    # Nothing of plots/: those modules each script imports anew.
    import matplotlib.backends.backend_agg  # noqa: F401
    import matplotlib.backends.backend_pdf  # noqa: F401
    import matplotlib.backends.backend_svg  # noqa: F401
    import matplotlib.pyplot  # noqa: F401
    import pandas  # noqa: F401
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(**json.loads(line))
            sys.exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    _serve()
