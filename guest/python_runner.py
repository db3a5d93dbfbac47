"""Runs one job in a Python that was started earlier (guest side of the `python` template; Python >= 3.8).

The interpreter is started as `python3 -c BOOTSTRAP` (see src/sandbox/templates/python.ts), so flags, sys.path and
__main__ are those of `python3 -c`. `session` then prepares the interpreter, blocks in a read of descriptor 3 (here the
template is sealed) and, given a job, hands its code to the bootstrap, which executes it in __main__ with a single frame
of ours below it. When the code ends, `session` does what the interpreter does at its end and leaves with os._exit:
tearing down every preloaded module would cost more than most jobs.

After the job has been read each system call costs about as much as a thousand lines of Python: there are none here
beyond that read, what the job itself does, and the exit.
"""

import atexit
import gc
import io
import json
import os
import signal
import sys
import threading
import traceback

JOB_FD = 3
PREFIX_BYTES = 4
# Big enough for nearly every job in one read; longer ones take more reads. Allocated before the template is sealed.
buffer = bytearray(256 * 1024)


def read_job():
    """The job: u32 LE length, then JSON (see PythonJob in src/sandbox/templates/python.ts)."""
    have = os.readv(JOB_FD, [buffer])
    if have < PREFIX_BYTES:
        os._exit(0)  # The template was closed without a job.
    end = PREFIX_BYTES + int.from_bytes(buffer[:PREFIX_BYTES], "little")
    if have >= end:
        return json.loads(buffer[PREFIX_BYTES:end])
    parts = [bytes(buffer[PREFIX_BYTES:have])]
    while have < end:
        more = os.readv(JOB_FD, [buffer])
        if more == 0:
            os._exit(125)
        parts.append(bytes(buffer[:more]))
        have += more
    return json.loads(b"".join(parts))


def reseed(seed):
    """Every clone of a template would otherwise draw the same numbers. What draws from the kernel needs nothing."""
    number = int(seed, 16)
    random = sys.modules.get("random")
    if random is not None:
        random.seed(number)
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed([number >> shift & 0xFFFFFFFF for shift in range(0, 256, 32)])


class Session:
    """Unpacking it waits for the job and gives its code object; leaving the `with` block ends the process."""

    def __init__(self):
        self.template_modules = frozenset()
        self.frames_to_hide = 1

    def __enter__(self):
        return self

    def __iter__(self):
        self.frames_to_hide = 2  # What fails in here is not the job's: it shows neither this frame nor the bootstrap's.
        job = read_job()
        main = sys.modules["__main__"].__dict__
        del main["ztl"]
        main.pop("__warningregistry__", None)
        reseed(job["seed"])
        for name in job["unset"]:
            os.environ.pop(name, None)
        for name, value in job["set"].items():
            os.environ[name] = value
        if "TZ" in job["set"] and "time" in sys.modules:
            sys.modules["time"].tzset()
        if job["cwd"] is not None:
            os.chdir(job["cwd"])
        argv = job["argv"]
        sys.argv = argv
        code = job["code"]
        if hasattr(sys, "orig_argv"):
            sys.orig_argv = [sys.orig_argv[0]] + (["-c", code] if argv[0] == "-c" else [argv[0]]) + argv[1:]
        filename = job["filename"]
        if "linecache" in sys.modules:
            # Since 3.13 the interpreter keeps the bootstrap's lines there, under the name the job's code has too.
            sys.modules["linecache"].cache.pop(filename, None)
        if job["file"]:
            filename, code = self.prepare_file(argv[0], main)
        compiled = compile(code, filename, "exec", 0, True)
        if sys.version_info >= (3, 13):
            remember_source(compiled, code, filename)
        self.frames_to_hide = 1
        return iter((compiled,))

    def prepare_file(self, path, main):
        """As `python3 FILE`: the script's directory leads sys.path and __file__ is set."""
        filename = os.path.abspath(path) if sys.version_info >= (3, 9) else path
        try:
            with io.open(path, "rb") as file:
                code = file.read()
        except OSError as error:
            message = "%s: can't open file %r: [Errno %d] %s\n"
            sys.stderr.write(message % (sys.executable, filename, error.errno, error.strerror))
            raise SystemExit(2)
        sys.path[0] = os.path.dirname(os.path.realpath(path))
        import importlib.machinery

        main["__file__"] = filename
        main["__cached__"] = None
        main["__loader__"] = importlib.machinery.SourceFileLoader("__main__", filename)
        return filename, code

    def __exit__(self, kind, error, trace):
        hidden = self.frames_to_hide
        while hidden > 0 and trace is not None:
            trace = trace.tb_next
            hidden -= 1
        status = 0
        interrupted = False
        if error is not None:
            error.__traceback__ = trace
            interrupted = isinstance(error, KeyboardInterrupt)
            status = report(kind, error, trace)
        del error, trace
        finish(status, interrupted, self.template_modules)


def remember_source(compiled, code, filename):
    """Since 3.13 tracebacks show the lines of `-c` programs; the interpreter tells linecache as here."""
    if isinstance(code, str):
        import linecache

        key = compiled if sys.version_info >= (3, 14) else filename
        try:
            linecache._register_code(key, code, filename)
        except (AttributeError, TypeError):
            pass  # Private to the interpreter: without it, tracebacks merely lack the source lines.


def report(kind, error, trace):
    """What PyErr_Print does with an uncaught exception; the exit status."""
    if isinstance(error, SystemExit):
        return exit_status(error)
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, trace
    if sys.version_info >= (3, 12):
        sys.last_exc = error
    hook = getattr(sys, "excepthook", None)
    if hook is None:
        sys.stderr.write("sys.excepthook is missing\n")
        hook = sys.__excepthook__
    try:
        hook(kind, error, trace)
    except SystemExit as leave:
        return exit_status(leave)
    except BaseException as second:
        if second.__context__ is error:
            second.__context__ = None
        sys.stderr.write("Error in sys.excepthook:\n")
        show_without_our_frame(second)
        sys.stderr.write("\nOriginal exception was:\n")
        sys.__excepthook__(kind, error, trace)
    return 1


def show_without_our_frame(error):
    if error.__traceback__ is not None:
        error.__traceback__ = error.__traceback__.tb_next
    sys.__excepthook__(type(error), error, error.__traceback__)


def exit_status(error):
    code = error.code
    if code is None:
        return 0
    if isinstance(code, int):
        return int(code) & 0xFF if -(1 << 63) <= code < 1 << 63 else 0xFF
    try:
        sys.stderr.write(str(code))
        sys.stderr.write("\n")
    except BaseException:
        pass
    return 1


def finish(status, interrupted, template_modules):
    """The end of an interpreter: threads, atexit, files, objects, then the exit. The order is Py_FinalizeEx's."""
    if threads_were_used():
        try:
            threading._shutdown()
        except BaseException as error:
            sys.stderr.write("Exception ignored in: %r\n" % (threading,))
            show_without_our_frame(error)
    try:
        atexit._run_exitfuncs()
    except BaseException:
        pass  # Already reported; before 3.10 the last one is raised as well.
    failed = flush()
    if drop_objects(template_modules):
        failed = flush() or failed
    if interrupted:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(120 if failed else status)


def threads_were_used():
    """False when there is nothing to wait for; each lock that threading._shutdown takes costs a system call."""
    return (
        len(threading._active) != 1 or bool(threading._limbo) or bool(getattr(threading, "_threading_atexits", True))
    )


def flush():
    """Flushes the standard streams; true when stdout could not be written (its status is then 120, as Python's is)."""
    failed = False
    out = sys.stdout
    if out is not None and not getattr(out, "closed", False):
        try:
            out.flush()
        except BaseException as error:
            failed = True
            sys.stdout = None
            where = "on flushing sys.stdout:" if sys.version_info >= (3, 13) else "in: %r" % (out,)
            sys.stderr.write("Exception ignored %s\n%s: %s\n" % (where, type(error).__name__, error))
    error_stream = sys.stderr
    if error_stream is not None and not getattr(error_stream, "closed", False):
        try:
            error_stream.flush()
        except BaseException:
            pass
    return failed


def drop_objects(template_modules):
    """Lets go of what the job made, so that open files are written and __del__ and weakref callbacks run.

    Plain objects go before functions, classes and modules: what runs at their end may still use those. True when there
    was anything.
    """
    fresh = []
    # New modules come last. Looking at the others too would write to each one's reference count, so to its page.
    for name in reversed(sys.modules):
        if name in template_modules:
            break
        fresh.append(sys.modules[name])
    names = [getattr(module, "__dict__", {}) for module in [sys.modules.get("__main__")] + fresh]
    sys.last_type = sys.last_value = sys.last_traceback = None
    if hasattr(sys, "last_exc"):
        sys.last_exc = None
    made = 0
    for lasting in (False, True):
        for namespace in names:
            for name, value in list(namespace.items()):
                if name[:2] == "__" or (callable(value) or isinstance(value, module_type)) is not lasting:
                    continue
                made += 1
                namespace[name] = None
            value = None
        # Cycles too; what the template made is frozen and not looked at.
        if made > 0 and gc.isenabled():
            gc.collect()
    return made > 0


module_type = type(sys)


def warm_up():
    """Touches once what nearly every job touches, so that its pages, caches and arenas are in the sealed template."""
    for source in (
        "import sys, json, re\nclass A:\n    def f(self, n):\n        return [i * i for i in range(n)]\n"
        "x = A().f(500)\ns = json.dumps({'a': x, 'b': None})\nre.sub('[0-9]+', 'n', s)\nf'{len(s):>10} {1.5:.3f}'\n",
        "def g(n):\n    return 1 if n < 2 else n * g(n - 1)\n[g(60) for _ in range(50)]\n{str(i): i for i in range(3000)}\n",
        "raise ValueError('warm up')\n",
        "1 +\n",
    ):
        try:
            exec(compile(source, "<string>", "exec", 0, True), {"__name__": "__main__"})
        except Exception as error:
            stream = io.StringIO()
            traceback.print_exception(type(error), error, error.__traceback__, file=stream)
    # Small-object arenas: an object kept in each means that the arena stays mapped, and its pages touched.
    ballast = [bytes(480) for _ in range(6000)]
    keep = ballast[::500]
    del ballast
    # The C heap below the mmap threshold, with its top pinned so that it is not given back.
    blocks = [bytearray(100 * 1024) for _ in range(12)]
    pin = bytearray(2048)
    del blocks
    deep(120)
    json.loads(json.dumps({"code": "", "argv": ["-c"], "seed": "00", "set": {}, "unset": []}))
    return keep, pin


def deep(depth):
    """Touches stack pages below the present frame: each level goes through C."""
    return depth and max([depth], key=lambda level: deep(level - 1) or 0)


def prepare(preload):
    """Imports the modules of the template and makes the session. Runs once, before the template is sealed."""
    for name in preload:
        __import__(name)
    made = Session()
    made.ballast = warm_up()
    # What is printed here goes down the path a job's output takes and is dropped when the template is sealed.
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    made.template_modules = frozenset(sys.modules)
    gc.collect()
    if hasattr(gc, "freeze"):
        gc.freeze()
    return made


session = prepare(preload)  # noqa: F821 (given by the bootstrap)
