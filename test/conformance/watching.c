/* inotify(7): which events come, in which order, for which names; and what is refused. */
#include "conformance.h"
#include <sys/inotify.h>
#include <sys/ioctl.h>

static int instance;

/* All events that are there, one a line. Cookies are told by whether they are the same as the one before. */
static void drain(const char *after) {
  static char bytes[65536];
  static unsigned last;
  sleep_ms(5);
  long count = read(instance, bytes, sizeof bytes);
  say("%s: %s", after, count < 0 ? "nothing" : "");
  for (long at = 0; at < count;) {
    struct inotify_event *event = (void *)(bytes + at);
    say("  %d %x %s len %d%s", event->wd, event->mask, event->len ? event->name : "-", event->len,
        !event->cookie ? "" : event->cookie == last ? " same" : " new");
    last = event->cookie;
    at += sizeof *event + event->len;
  }
}

static void begin(void) {
  instance = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  system("rm -rf watched; mkdir watched");
}

static void touch(const char *path) { close(open(path, O_CREAT | O_WRONLY, 0644)); }

static void in_a_directory(void) {
  begin();
  say("watch %d", inotify_add_watch(instance, "watched", IN_ALL_EVENTS));
  int file = open("watched/a", O_CREAT | O_RDWR, 0644);
  drain("created");
  write(file, "hello", 5);
  write(file, "hello", 5);
  drain("written twice");
  lseek(file, 0, SEEK_SET);
  char bytes[5];
  read(file, bytes, 5);
  drain("read");
  ftruncate(file, 2);
  drain("cut");
  fchmod(file, 0600);
  drain("mode");
  close(file);
  drain("closed");
  close(open("watched/a", O_RDONLY));
  drain("looked at");
  close(open("watched/a", O_WRONLY | O_TRUNC));
  drain("emptied");
  rename("watched/a", "watched/b");
  drain("renamed");
  link("watched/b", "watched/c");
  drain("linked");
  symlink("b", "watched/s");
  mkdir("watched/d", 0755);
  mknod("watched/p", S_IFIFO | 0644, 0);
  drain("others");
  unlink("watched/b");
  rmdir("watched/d");
  drain("removed");
  system("ls watched > /dev/null");
  drain("listed");
  struct timespec times[2] = {{1, 0}, {2, 0}};
  utimensat(AT_FDCWD, "watched/c", times, 0);
  drain("both times");
  times[1].tv_nsec = UTIME_OMIT;
  utimensat(AT_FDCWD, "watched/c", times, 0);
  drain("one time");
  truncate("watched/c", 0);
  drain("cut by name");
}

static void on_a_file(void) {
  begin();
  touch("watched/a");
  touch("watched/b");
  say("watch %d", inotify_add_watch(instance, "watched/a", IN_ALL_EVENTS));
  rename("watched/a", "watched/c");
  drain("renamed");
  link("watched/c", "watched/d");
  drain("linked");
  unlink("watched/c");
  drain("one name less");
  int file = open("watched/d", O_RDWR);
  drain("opened");
  unlink("watched/d");
  drain("no name");
  write(file, "x", 1);
  drain("written");
  close(file);
  drain("gone");
  say("watch of one that is replaced %d", inotify_add_watch(instance, "watched/b", IN_ALL_EVENTS));
  touch("watched/e");
  rename("watched/e", "watched/b");
  drain("replaced");
}

static void of_a_directory_itself(void) {
  begin();
  mkdir("watched/d", 0755);
  say("watch %d", inotify_add_watch(instance, "watched/d", IN_ALL_EVENTS));
  say("parent %d", inotify_add_watch(instance, "watched", IN_ALL_EVENTS));
  rename("watched/d", "watched/e");
  drain("renamed");
  chmod("watched/e", 0700);
  drain("mode");
  rmdir("watched/e");
  drain("removed");
}

static void moves_between(void) {
  begin();
  mkdir("watched/x", 0755);
  mkdir("watched/y", 0755);
  inotify_add_watch(instance, "watched/x", IN_MOVE | IN_CREATE | IN_DELETE);
  inotify_add_watch(instance, "watched/y", IN_MOVE | IN_CREATE | IN_DELETE);
  touch("watched/x/1");
  touch("watched/y/2");
  rename("watched/x/1", "watched/y/2");
  drain("over");
  touch("watched/x/3");
  syscall(SYS_renameat2, AT_FDCWD, "watched/x/3", AT_FDCWD, "watched/y/2", 2);
  drain("exchanged");
  rename("watched/x/3", "watched/out");
  rename("watched/out", "watched/x/in");
  drain("out and in");
}

static void masks(void) {
  begin();
  touch("watched/a");
  int first = inotify_add_watch(instance, "watched", IN_CREATE);
  say("again the same %d", inotify_add_watch(instance, "watched", IN_DELETE) == first);
  touch("watched/b");
  unlink("watched/b");
  drain("replaced mask");
  inotify_add_watch(instance, "watched", IN_CREATE | IN_MASK_ADD);
  touch("watched/b");
  unlink("watched/b");
  drain("added to mask");
  say("only new %ld", E(inotify_add_watch(instance, "watched", IN_CREATE | IN_MASK_CREATE)));
  say("both %ld", E(inotify_add_watch(instance, "watched", IN_CREATE | IN_MASK_CREATE | IN_MASK_ADD)));
  say("none %ld", E(inotify_add_watch(instance, "watched", 0)));
  say("not a directory %ld", E(inotify_add_watch(instance, "watched/a", IN_CREATE | IN_ONLYDIR)));
  say("not there %ld", E(inotify_add_watch(instance, "watched/none", IN_CREATE)));
  say("no instance %ld", E(inotify_add_watch(0, "watched", IN_CREATE)));
  say("no descriptor %ld", E(inotify_add_watch(999, "watched", IN_CREATE)));
  say("flags %ld", E(inotify_init1(1)));
  say("remove %ld", E(inotify_rm_watch(instance, first)));
  drain("ignored");
  say("remove again %ld", E(inotify_rm_watch(instance, first)));
  say("next number %d", inotify_add_watch(instance, "watched", IN_CREATE | IN_ONESHOT));
  touch("watched/x");
  touch("watched/y");
  drain("one shot");
  symlink("a", "watched/l");
  int link = inotify_add_watch(instance, "watched/l", IN_ATTRIB | IN_DONT_FOLLOW);
  int target = inotify_add_watch(instance, "watched/l", IN_ATTRIB);
  say("link and target differ %d", link != target);
}

static void unlinked(void) {
  begin();
  int file = open("watched/a", O_CREAT | O_RDWR, 0644);
  inotify_add_watch(instance, "watched", IN_MODIFY | IN_EXCL_UNLINK);
  write(file, "x", 1);
  unlink("watched/a");
  write(file, "x", 1);
  drain("not after it is gone");
}

static void reading(void) {
  begin();
  char bytes[64];
  int waiting = -1;
  inotify_add_watch(instance, "watched", IN_CREATE);
  touch("watched/a-name-of-more-than-sixteen");
  touch("watched/b");
  struct pollfd ready = {instance, POLLIN};
  say("ready %d", poll(&ready, 1, 0));
  say("bytes %ld", (ioctl(instance, FIONREAD, &waiting), (long)waiting));
  say("too little %ld", E(read(instance, bytes, 20)));
  say("one %ld", E(read(instance, bytes, 50)));
  say("two %ld", E(read(instance, bytes, 64)));
  say("none %ld", E(read(instance, bytes, 64)));
  say("write %ld", E(write(instance, bytes, 64)));
  say("seek %ld", E(lseek(instance, 0, SEEK_SET)));
}

static void waiting(void) {
  instance = inotify_init();
  system("rm -rf watched; mkdir watched");
  inotify_add_watch(instance, "watched", IN_CLOSE_WRITE);
  pid_t child = fork();
  if (child == 0) {
    sleep_ms(50);
    touch("watched/late");
    _exit(0);
  }
  char bytes[1000];
  long count = read(instance, bytes, sizeof bytes);
  struct inotify_event *event = (void *)bytes;
  say("%ld %x %s", count, event->mask, event->name);
  say("%s", reaped(child, 0));
}

static void overflow(void) {
  begin();
  inotify_add_watch(instance, "watched", IN_CREATE | IN_DELETE);
  for (int i = 0; i < 9000; i++) {
    char name[32];
    sprintf(name, "watched/%d", i & 1);
    touch(name);
    unlink(name);
  }
  static char bytes[1 << 20];
  long count, events = 0, last = 0;
  while ((count = read(instance, bytes, sizeof bytes)) > 0)
    for (long at = 0; at < count; events++) {
      struct inotify_event *event = (void *)(bytes + at);
      last = event->mask;
      at += sizeof *event + event->len;
    }
  say("%ld events, the last %lx", events, last);
}

int main(void) {
  RUN(in_a_directory);
  RUN(on_a_file);
  RUN(of_a_directory_itself);
  RUN(moves_between);
  RUN(masks);
  RUN(unlinked);
  RUN(reading);
  RUN(waiting);
  RUN(overflow);
}
