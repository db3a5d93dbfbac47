#include "annex.h"

#define STATE ((struct state *)STATE_ADDRESS)
#define FACTS ((const volatile struct facts *)FACTS_ADDRESS)

enum { RAX, RBX, RCX, RDX, RSI, RDI, RSP, RBP, R8, R9, R10, R11 };

enum {
  SYS_read = 0,
  SYS_close = 3,
  SYS_stat = 4,
  SYS_fstat = 5,
  SYS_lstat = 6,
  SYS_lseek = 8,
  SYS_pread64 = 17,
  SYS_getpid = 39,
  SYS_fcntl = 72,
  SYS_getuid = 102,
  SYS_getgid = 104,
  SYS_geteuid = 107,
  SYS_getegid = 108,
  SYS_gettid = 186,
  SYS_getdents64 = 217,
  SYS_newfstatat = 262,
};
enum { AT_FDCWD = -100, AT_SYMLINK_NOFOLLOW = 0x100, AT_NO_AUTOMOUNT = 0x800, AT_EMPTY_PATH = 0x1000 };
enum { F_DUPFD = 0, F_GETFD = 1, F_SETFD = 2, F_GETFL = 3, F_DUPFD_CLOEXEC = 1030 };
enum { FD_CLOEXEC = 1 };
enum { SEEK_SET = 0, SEEK_CUR = 1 };
/* Positions beyond are the host's matter. */
#define POSITION_MAX (1UL << 40)

/* Not answered here: the host is asked. */
#define ASK (-0x10000L)

static inline void copy(u64 to, u64 from, u64 bytes) {
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

static inline int is_user(u64 address, u64 bytes) {
  return address < USER_ADDRESS_LIMIT && bytes <= USER_ADDRESS_LIMIT - address;
}

static inline int is_known(u64 descriptor) {
  return descriptor < DESCRIPTORS && (STATE->known >> descriptor & 1);
}

static inline const volatile struct file *file_of(u64 descriptor) {
  return &FACTS->files[STATE->files[descriptor] % DESCRIPTORS];
}

static s64 give_stat(const volatile u8 *stat, u64 address) {
  if (!is_user(address, STAT_BYTES)) return ASK;
  copy(address, (u64)stat, STAT_BYTES);
  return 0;
}

static s64 answer_fstat(u64 descriptor, u64 address) {
  return is_known(descriptor) ? give_stat(file_of(descriptor)->stat, address) : ASK;
}

static s64 answer_read(u64 descriptor, u64 address, u64 bytes, u64 position) {
  const volatile struct file *file = file_of(descriptor);
  if (!(file->kind & FILE_REGULAR)) return ASK;
  if (position >= file->size_bytes) return 0;
  if (position >= file->content_bytes) return ASK;
  u64 left = file->content_bytes - position;
  /* A part of the content that is here must not look like the end of the file. */
  if (left < bytes && file->content_bytes < file->size_bytes) return ASK;
  if (bytes > left) bytes = left;
  if (!is_user(address, bytes)) return ASK;
  copy(address, file->content + position, bytes);
  return bytes;
}

static s64 answer_lseek(u64 descriptor, s64 offset, u32 whence) {
  if (!(file_of(descriptor)->kind & FILE_REGULAR) || whence > SEEK_CUR) return ASK;
  if (offset < -(s64)POSITION_MAX || offset > (s64)POSITION_MAX) return ASK;
  s64 target = offset + (whence == SEEK_CUR ? (s64)STATE->positions[descriptor] : 0);
  if (target < 0 || target > (s64)POSITION_MAX) return ASK;
  STATE->positions[descriptor] = target;
  return target;
}

/* A directory's descriptors share nothing that is kept here. */
static s64 duplicate(u64 descriptor, u32 command, u32 least) {
  if (!(file_of(descriptor)->kind & FILE_DIRECTORY) || least >= DESCRIPTORS) return ASK;
  u64 unused = ~STATE->used & ~0UL << least;
  if (unused == 0) return ASK;
  u64 copy = __builtin_ctzl(unused);
  if (STATE->closed >> copy & 1) return ASK;
  STATE->used |= 1UL << copy;
  STATE->known |= 1UL << copy;
  STATE->files[copy] = STATE->files[descriptor];
  STATE->descriptor_flags[copy] = command == F_DUPFD_CLOEXEC ? FD_CLOEXEC : 0;
  return copy;
}

static s64 answer_fcntl(u64 descriptor, u32 command, u32 value) {
  switch (command) {
    case F_GETFL:
      return file_of(descriptor)->status_flags;
    case F_GETFD:
      return STATE->descriptor_flags[descriptor];
    case F_SETFD:
      if (value > FD_CLOEXEC) return ASK;
      STATE->descriptor_flags[descriptor] = value;
      return 0;
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      return duplicate(descriptor, command, value);
    default:
      return ASK;
  }
}

static s64 answer_path(s32 directory, u64 path, u64 address) {
  u32 hash = 0;
  u64 length = 0;
  if (FACTS->paths_count == 0 || !is_user(path, PATH_BYTES)) return ASK;
  for (const volatile u8 *at = (const volatile u8 *)path; at[length] != 0; length++) {
    if (length == PATH_BYTES) return ASK;
    hash = hash * 31 + at[length];
  }
  if (length == 0) return ASK;
  const volatile u8 *asked = (const volatile u8 *)path;
  if (asked[0] == '/') directory = AT_FDCWD;
  if (directory != AT_FDCWD && !is_known(directory)) return ASK;
  for (u32 probe = 0; probe < PROBES; probe++) {
    const volatile struct path *entry = &FACTS->paths[(hash + probe) % PATHS];
    if (entry->hash != hash || entry->length != length || entry->directory != directory) continue;
    u64 same = 0;
    while (same < length && entry->name[same] == (char)asked[same]) same++;
    if (same < length) continue;
    STATE->place = (hash + probe) % PATHS + 1;
    return entry->result < 0 ? entry->result : give_stat(entry->stat, address);
  }
  return ASK;
}

static s64 answer_fstatat(u64 directory, u64 path, u64 address, u32 flags) {
  if (!is_user(path, 1)) return ASK;
  if (flags & AT_EMPTY_PATH) {
    if (path == 0 || flags != AT_EMPTY_PATH || *(const volatile u8 *)path != 0) return ASK;
    return answer_fstat((u32)directory, address);
  }
  if (flags & ~(u32)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT)) return ASK;
  return answer_path(directory, path, address);
}

_Static_assert(__builtin_offsetof(struct state, log) == 800 && sizeof(struct file) == 176, "as layout.ts has it");
_Static_assert(__builtin_offsetof(struct state, closed) == 2848, "as layout.ts has it");
_Static_assert(__builtin_offsetof(struct facts, paths) == 11296 && sizeof(struct path) == 320, "as layout.ts has it");

static s64 answer(const u64 *r) {
  u64 descriptor = (u32)r[RDI];
  switch (r[RAX]) {
    case SYS_read: {
      if (!is_known(descriptor)) return ASK;
      s64 moved = answer_read(descriptor, r[RSI], r[RDX], STATE->positions[descriptor]);
      if (moved > 0) STATE->positions[descriptor] += moved;
      return moved;
    }
    case SYS_pread64:
      if (!is_known(descriptor) || r[R10] > POSITION_MAX) return ASK;
      return answer_read(descriptor, r[RSI], r[RDX], r[R10]);
    case SYS_close:
      if (!is_known(descriptor)) return ASK;
      STATE->known &= ~(1UL << descriptor);
      STATE->used &= ~(1UL << descriptor);
      STATE->closed |= 1UL << descriptor;
      return 0;
    case SYS_stat:
    case SYS_lstat:
      return answer_path(AT_FDCWD, r[RDI], r[RSI]);
    case SYS_fstat:
      return answer_fstat(descriptor, r[RSI]);
    case SYS_lseek:
      return is_known(descriptor) ? answer_lseek(descriptor, r[RSI], r[RDX]) : ASK;
    case SYS_fcntl:
      return is_known(descriptor) ? answer_fcntl(descriptor, r[RSI], r[RDX]) : ASK;
    case SYS_getdents64:
      return is_known(descriptor) && (file_of(descriptor)->kind & FILE_AT_END) ? 0 : ASK;
    case SYS_newfstatat:
      return answer_fstatat((u32)r[RDI], r[RSI], r[RDX], r[R10]);
    case SYS_getpid:
      return FACTS->pid;
    case SYS_gettid:
      return FACTS->tid;
    case SYS_getuid:
      return FACTS->uid;
    case SYS_geteuid:
      return FACTS->euid;
    case SYS_getgid:
      return FACTS->gid;
    case SYS_getegid:
      return FACTS->egid;
    default:
      return ASK;
  }
}

/* What is set while a program runs, whatever it does: interrupts, and the bit that always is (Intel SDM vol. 1, 3.4.3). */
#define FLAGS_FIXED 0x202UL
/* Carry, parity, adjust, zero, sign, overflow: what the way back to ring 3 can put back. */
#define FLAGS_OF_ARITHMETIC 0x8d5UL

/*
 * A paravirtual host lets a `syscall` land in ring 0 now and then: the way back to ring 3, a jump, would then take the program
 * there, too.
 */
static inline int is_where_expected(u32 ring) {
  u32 selector;
  __asm__ volatile("mov %%cs, %0" : "=r"(selector));
  return (selector & 3) == ring;
}

/* 1 when the call is answered, with `result`; 0 when the host is to be asked. Nothing that may fault comes after the log. */
__attribute__((used)) u32 annex_main(u32 ring) {
  struct state *state = STATE;
  u32 count = state->log_count;
  if (count >= FACTS->log_limit || count >= LOG_ENTRIES || !is_where_expected(ring)) return 0;
  if ((state->registers[R11] & ~FLAGS_OF_ARITHMETIC) != FLAGS_FIXED) return 0;
  /* To a place that is not canonical, `sysret` would fault in ring 0. */
  if (state->registers[RCX] >= USER_ADDRESS_LIMIT) return 0;
  state->place = 0;
  s64 result = answer(state->registers);
  if (result == ASK) return 0;
  state->result = result;
  state->log[count].call = (u32)state->registers[RAX] << 16 | ((u32)state->registers[RDI] & 0xffff);
  state->log[count].argument = state->registers[RAX] == SYS_fcntl
                                   ? (u32)state->registers[RDX] << 16 | ((u32)state->registers[RSI] & 0xffff)
                                   : state->place;
  state->log_count = count + 1;
  return 1;
}
