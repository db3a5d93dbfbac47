/** Python that makes the calls of mmap(2) as they are, and tells in a child how an access to memory ends. */
export const MAPPING = `
import ctypes, errno, os, signal
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = libc.mremap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.mremap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int, ctypes.c_void_p]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
PAGE, R, W, X, SHARED, PRIVATE, FIXED, ANON, NORESERVE = 4096, 1, 2, 4, 1, 2, 16, 32, 0x4000
FAILED = ctypes.c_void_p(-1).value
def error(): return errno.errorcode[ctypes.get_errno()]
def mmap(size, rights=R | W, flags=PRIVATE | ANON, fd=-1, offset=0, at=None):
    address = libc.mmap(at, size, rights, flags, fd, offset)
    return error() if address == FAILED else address
def munmap(at, size): return error() if libc.munmap(at, size) else "ok"
def mprotect(at, size, rights): return error() if libc.mprotect(at, size, rights) else "ok"
def mremap(at, old, new, flags, to=None):
    address = libc.mremap(at, old, new, flags, to)
    return error() if address == FAILED else address
def put(at, data): ctypes.memmove(at, data, len(data))
def get(at, size=1): return ctypes.string_at(at, size)
def ending(act):
    pid = os.fork()
    if pid == 0:
        act()
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    return signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else f"exit {os.WEXITSTATUS(status)}"
`;
