"""Keeps what the user has set for Python, numpy or matplotlib away from figures. To be imported before any of them."""
import contextlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
OF_THE_USER = ("MPL", "MATPLOTLIB", "NPY_", "NUMPY_", "NUMEXPR_", "PANDAS_", "PYTHON", "SOURCE_DATE_EPOCH")


def isolate():
    """Starts a figure script again in an interpreter that sees no PYTHON* variable, no package of the user alone and
    no module of the working directory."""
    script = getattr(sys.modules["__main__"], "__file__", None)
    if sys.flags.isolated or not sys.executable or not script or os.path.dirname(os.path.abspath(script)) != HERE:
        return
    given = getattr(sys, "orig_argv", ["", *sys.argv])[1:]  # with options of the interpreter, where it keeps them
    os.execv(sys.executable, [sys.executable, "-I", "-B", "-X", "utf8", *given])


def forget_settings():
    """matplotlib finds an empty file of settings; its cache of fonts is kept in a folder without styles of the user."""
    for name in list(os.environ):
        if name.startswith(OF_THE_USER):
            del os.environ[name]
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    os.environ["MPLCONFIGDIR"] = os.path.join(cache, "headcount", "matplotlib")
    os.environ["MATPLOTLIBRC"] = os.devnull


@contextlib.contextmanager
def elsewhere():
    """For as long as modules are imported that read settings of the working directory."""
    back = os.open(".", os.O_PATH)
    try:
        os.chdir(HERE)
        yield
    finally:
        os.fchdir(back)
        os.close(back)


isolate()
forget_settings()
