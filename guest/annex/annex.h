/*
 * The annex: the piece of guest code that `syscall` lands in. It answers what the host has told it beforehand, and has the
 * host answer everything else. What it writes is the guest's: the host believes none of it. src/linux/annex/ is the other side,
 * and keeps the same layout.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef int s32;
typedef unsigned long u64;
typedef long s64;

#define STATE_ADDRESS 0x7ffff0020000
#define STACK_TOP_ADDRESS 0x7ffff0022000
#define FACTS_ADDRESS 0x7ffff0030000
#define USER_ADDRESS_LIMIT 0x7ffff0000000

#define DESCRIPTORS 64
#define LOG_ENTRIES 256
#define PATHS 256
#define PATH_BYTES 160
#define STAT_BYTES 144
/* How far from its place by hash a path may be. */
#define PROBES 8

/* A call that was answered here. */
struct entry {
  u32 call;     /* number * 65536 + descriptor */
  u32 argument; /* of fcntl: value * 65536 + command; of a path: one more than its place in `paths` */
};

/* What the guest writes: everything in it may be forged. */
struct state {
  u64 registers[16]; /* in the order of `struct kvm_regs`, as the program made the call */
  u64 result;
  u32 log_count;
  u32 place; /* of the path that the call was answered with, and one; 0 for none */
  u64 known; /* a bit for each descriptor that is still as `files` says */
  u64 used;  /* a bit for each descriptor that is open, or that there may not be */
  u64 positions[DESCRIPTORS];
  u8 files[DESCRIPTORS]; /* where in `files` a descriptor's file is: that of which it is a duplicate */
  u8 descriptor_flags[DESCRIPTORS];
  struct entry log[LOG_ENTRIES];
  u64 closed; /* a bit for each descriptor closed here: until the host has seen it, `paths` may start from what it was */
};

enum { FILE_REGULAR = 1, FILE_DIRECTORY = 2, FILE_AT_END = 4 };

struct file {
  u64 content;       /* address of the file's bytes from its start */
  u32 content_bytes; /* how many there are, 0 for none */
  u32 kind;
  u64 size_bytes;
  u32 status_flags; /* what F_GETFL tells */
  u32 unused;
  u8 stat[STAT_BYTES];
};

struct path {
  u32 length; /* 0 for none */
  u32 hash;
  s32 directory;
  s32 result; /* 0 or an errno, negative */
  u8 stat[STAT_BYTES];
  char name[PATH_BYTES];
};

/* What the host writes, and the guest only reads. */
struct facts {
  u32 log_limit; /* so many calls may be answered before the host is to be asked again; 0 for none */
  u32 paths_count;
  u32 pid;
  u32 tid;
  u32 uid;
  u32 euid;
  u32 gid;
  u32 egid;
  struct file files[DESCRIPTORS];
  struct path paths[PATHS];
};
