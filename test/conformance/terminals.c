/* pty(7), termios(3), ioctl_tty(2): line editing, modes, packet mode, hang-ups, sessions and job control. */
#include "conformance.h"
#include <sys/ioctl.h>
#include <termios.h>

static int master, slave;
static char name[64];

static void make(void) {
  master = posix_openpt(O_RDWR | O_NOCTTY);
  grantpt(master);
  unlockpt(master);
  ptsname_r(master, name, sizeof name);
  slave = open(name, O_RDWR | O_NOCTTY);
}

/* Bytes as text: control characters by number, so that a line stays a line. */
static const char *shown(const char *bytes, long count) {
  static char texts[4][4096];
  static int next;
  char *text = texts[next++ & 3], *at = text;
  if (count < 0) return sprintf(text, "error %d", errno), text;
  for (long i = 0; i < count && at < text + 4000; i++) {
    unsigned char byte = bytes[i];
    at += byte >= 32 && byte < 127 ? sprintf(at, "%c", byte) : sprintf(at, "<%d>", byte);
  }
  *at = 0;
  return text;
}

/* Waits a little first: Linux moves what was written from one side to the other in a thread of its own. */
static const char *get(int file) {
  char bytes[1000];
  sleep_ms(20);
  long count = read(file, bytes, sizeof bytes);
  return shown(bytes, count);
}

static void type(const char *text) { write(master, text, strlen(text)); }

static void at_first(void) {
  master = posix_openpt(O_RDWR | O_NOCTTY);
  say("locked %ld", E(open("/dev/pts/ptmx", O_RDONLY | O_PATH) >= 0));
  ptsname_r(master, name, sizeof name);
  say("open locked %ld", E(open(name, O_RDWR | O_NOCTTY)));
  unlockpt(master);
  slave = open(name, O_RDWR | O_NOCTTY);
  struct stat status;
  fstat(slave, &status);
  say("device %d major %d", S_ISCHR(status.st_mode), (int)(status.st_rdev >> 8));
  say("isatty %d %d", isatty(master), isatty(slave));
  struct termios settings;
  tcgetattr(slave, &settings);
  say("modes %x %x %x %x", settings.c_iflag, settings.c_oflag, settings.c_cflag, settings.c_lflag);
  for (int i = 0; i < 19; i++) say("cc %d: %d", i, settings.c_cc[i]);
  say("speed %d %d", cfgetispeed(&settings), cfgetospeed(&settings));
  say("discipline %d", ({ int line = -1; ioctl(slave, TIOCGETD, &line); line; }));
  say("number of the slave's %ld", E(ioctl(slave, TIOCGPTN, &(int){0})));
  say("unknown %ld", E(ioctl(slave, 0x54ff, 0)));
  say("seek %ld", E(lseek(slave, 0, SEEK_SET)));
  say("pread %ld", E(pread(slave, name, 1, 0)));
}

static void editing(void) {
  make();
  struct { const char *typed; } cases[] = {
      {"plain\n"}, {"erase\x7f\x7fd\n"}, {"kill this\x15" "kept\n"}, {"two words\x17" "x\n"}, {"a-b.c  \x17" "y\n"}, {"lit\x16\x03n\n"},
      {"tab\there\x7f\x7f\x7f\x7f\x7fx\n"}, {"con\x01\x02\x7ft\n"}, {"end\x04"}, {"\x04"}, {"a\rb\n"}, {"again\x12\n"}, {"bell\x07\n"},
  };
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
    type(cases[i].typed);
    const char *line = get(slave);
    say("%s", line);
    if (i == 10) say("and %s", get(slave));
    fcntl(master, F_SETFL, O_NONBLOCK);
    say("echo %s", get(master));
    fcntl(master, F_SETFL, 0);
  }
}

static void lines_in_parts(void) {
  make();
  char bytes[8];
  type("abcdef\nghi\n");
  say("%s", shown(bytes, read(slave, bytes, 3)));
  say("%s", shown(bytes, read(slave, bytes, 3)));
  say("%s", shown(bytes, read(slave, bytes, 8)));
  say("%s", shown(bytes, read(slave, bytes, 8)));
  type("abc\x04" "def\n");
  say("fits %s", shown(bytes, read(slave, bytes, 3)));
  say("next %s", shown(bytes, read(slave, bytes, 8)));
  int waiting = -1;
  type("12345\n");
  sleep_ms(20);
  ioctl(slave, FIONREAD, &waiting);
  say("waiting %d", waiting);
  type("678");
  sleep_ms(20);
  ioctl(slave, FIONREAD, &waiting);
  say("waiting %d", waiting);
}

static void set(tcflag_t off_local, tcflag_t off_output, int minimum, int time) {
  struct termios settings;
  tcgetattr(slave, &settings);
  settings.c_lflag &= ~off_local;
  settings.c_oflag &= ~off_output;
  settings.c_cc[VMIN] = minimum;
  settings.c_cc[VTIME] = time;
  tcsetattr(slave, TCSANOW, &settings);
}

static void raw(void) {
  make();
  set(ICANON | ECHO | ISIG, OPOST, 1, 0);
  type("a\x03\n");
  say("%s", get(slave));
  write(slave, "x\ny", 3);
  say("%s", get(master));
  set(0, 0, 0, 0);
  say("nothing %s.", get(slave));
  set(0, 0, 0, 2);
  say("a little later nothing %s.", get(slave));
  set(0, 0, 3, 0);
  type("12");
  struct pollfd ready = {slave, POLLIN};
  say("two of three %d", poll(&ready, 1, 0));
  type("3");
  say("three of three %d", poll(&ready, 1, 0));
  say("%s", get(slave));
  fcntl(slave, F_SETFL, O_NONBLOCK);
  say("non-blocking %s", get(slave));
}

static void half_a_line_becomes_readable(void) {
  make();
  type("half");
  struct pollfd ready = {slave, POLLIN};
  say("canonical %d", poll(&ready, 1, 0));
  set(ICANON, 0, 1, 0);
  say("raw %d", poll(&ready, 1, 0));
  say("%s", get(slave));
}

static void output(void) {
  make();
  struct termios settings;
  write(slave, "a\nb\tc\r\n", 7);
  say("%s", get(master));
  tcgetattr(slave, &settings);
  settings.c_oflag |= XTABS | OCRNL | ONOCR;
  tcsetattr(slave, TCSADRAIN, &settings);
  write(slave, "\rab\tc\rd\n\t|", 10);
  say("%s", get(master));
  settings.c_oflag = 0;
  tcsetattr(slave, TCSAFLUSH, &settings);
  write(slave, "\n\t\r", 3);
  say("%s", get(master));
}

static void flow(void) {
  make();
  struct pollfd ready = {slave, POLLOUT};
  type("\x13");
  sleep_ms(20);
  fcntl(slave, F_SETFL, O_NONBLOCK);
  say("stopped %ld", E(write(slave, "x", 1)));
  type("\x11");
  sleep_ms(20);
  say("started %ld", E(write(slave, "x", 1)));
  tcflow(slave, TCOOFF);
  say("off %ld", E(write(slave, "x", 1)));
  tcflow(slave, TCOON);
  say("on %ld", E(write(slave, "x", 1)));
  say("%s", get(master));
  type("typed\n");
  tcflush(slave, TCIFLUSH);
  say("flushed %s", get(slave));
  say("kinds %ld", E(tcflush(slave, 9)));
  (void)ready;
}

static void packets(void) {
  make();
  int on = 1;
  say("on %ld", E(ioctl(master, TIOCPKT, &on)));
  write(slave, "text", 4);
  sleep_ms(20);
  say("%s", get(master));
  tcflush(slave, TCIFLUSH);
  sleep_ms(20);
  struct pollfd ready = {master, POLLIN | POLLPRI};
  say("status %d %x", poll(&ready, 1, 100), ready.revents & (POLLIN | POLLPRI));
  say("%s", get(master));
  say("on the slave %ld", E(ioctl(slave, TIOCPKT, &on)));
}

static void closing(void) {
  make();
  struct pollfd ready = {master, POLLIN | POLLOUT};
  write(slave, "left", 4);
  close(slave);
  sleep_ms(20);
  poll(&ready, 1, 0);
  say("events %x", ready.revents);
  say("%s", get(master));
  say("%s", get(master));
  slave = open(name, O_RDWR | O_NOCTTY);
  write(slave, "again", 5);
  sleep_ms(20);
  say("%s", get(master));
  close(master);
  sleep_ms(20);
  struct pollfd gone = {slave, POLLIN | POLLOUT};
  poll(&gone, 1, 0);
  say("hung up %x", gone.revents);
  say("read %s.", get(slave));
  say("write %ld", E(write(slave, "x", 1)));
  say("modes %ld", E(tcgetattr(slave, &(struct termios){0})));
  say("open %ld", E(open(name, O_RDWR)) < 0);
}

static void window(void) {
  make();
  struct winsize size = {24, 80, 1, 2}, got = {0};
  ioctl(master, TIOCSWINSZ, &size);
  ioctl(slave, TIOCGWINSZ, &got);
  say("%d %d %d %d", got.ws_row, got.ws_col, got.ws_xpixel, got.ws_ypixel);
}

static void peer(void) {
  make();
  close(slave);
  slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  say("peer %d cloexec %d", slave >= 0, fcntl(slave, F_GETFD));
  say("tty %d", isatty(slave));
}

static volatile int signals;
static void count_signal(int signal) { (void)signal, signals++; }
static void on_signal(int signal) { say("signal %d", signal); }

/* Runs in a session of its own with the pseudoterminal as its controlling terminal. */
static pid_t in_session(void (*body)(void)) {
  pid_t pid = fork();
  if (pid > 0) return pid;
  setsid();
  body();
  _exit(0);
}

static void session_calls(void) {
  pid_t group = -1;
  say("own before %ld", E(open("/dev/tty", O_RDWR)));
  say("foreground before %ld", E(tcgetpgrp(slave)));
  say("take %ld", E(ioctl(slave, TIOCSCTTY, 0)));
  say("take again %ld", E(ioctl(slave, TIOCSCTTY, 0)));
  int own = open("/dev/tty", O_RDWR);
  say("own %d", own >= 0);
  say("foreground is me %d", tcgetpgrp(slave) == getpid());
  say("session is mine %d", tcgetsid(own) == getpid());
  say("master tells %d", ioctl(master, TIOCGPGRP, &group) == 0 && group == getpid());
  say("foreground nobody %ld", E(tcsetpgrp(slave, 999999)));
  say("foreground of others %ld", E(tcsetpgrp(slave, getppid())));
  say("leave %ld", E(ioctl(own, TIOCNOTTY, 0)));
  say("own after %ld", E(open("/dev/tty", O_RDWR)));
}

static void sessions(void) {
  make();
  say("no leader %ld", E(ioctl(slave, TIOCSCTTY, 0)));
  say("%s", reaped(in_session(session_calls), 0));
}

static void keys_body(void) {
  ioctl(slave, TIOCSCTTY, 0);
  handle(SIGINT, on_signal, 0);
  handle(SIGQUIT, on_signal, 0);
  handle(SIGWINCH, on_signal, 0);
  for (int i = 0; i < 3; i++) pause();
}

static void keys(void) {
  make();
  pid_t pid = in_session(keys_body);
  sleep_ms(150);
  type("dropped\x03");
  sleep_ms(150);
  type("\x1c");
  sleep_ms(150);
  struct winsize size = {1, 2, 3, 4};
  ioctl(master, TIOCSWINSZ, &size);
  say("%s", reaped(pid, 0));
  say("%s", get(master));
}

static void background_body(void) {
  char byte;
  ioctl(slave, TIOCSCTTY, 0);
  pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0);
    long count = read(slave, &byte, 1);
    say("read %ld", count);
    say("ignored change %ld", ({ signal(SIGTTOU, SIG_IGN); E(tcsetpgrp(slave, getpgrp())); }));
    _exit(3);
  }
  setpgid(child, child);
  int status;
  waitpid(child, &status, WUNTRACED);
  say("reader %s", status_text(status));
  say("to the front %ld", E(tcsetpgrp(slave, child)));
  kill(-child, SIGCONT);
  waitpid(child, &status, 0);
  say("reader %s", status_text(status));
  child = fork();
  if (child == 0) {
    setpgid(0, 0);
    signal(SIGTTOU, SIG_DFL);
    say("change %ld", E(tcsetpgrp(slave, getpgrp())));
    _exit(4);
  }
  setpgid(child, child);
  waitpid(child, &status, WUNTRACED);
  say("changer %s", status_text(status));
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
}

static void background(void) {
  make();
  pid_t pid = in_session(background_body);
  sleep_ms(150);
  type("x\n");
  say("%s", reaped(pid, 0));
}

static void suspended_body(void) {
  ioctl(slave, TIOCSCTTY, 0);
  pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0);
    for (;;) pause();
  }
  setpgid(child, child);
  tcsetpgrp(slave, child);
  int status;
  write(1, "ready\n", 6);
  waitpid(child, &status, WUNTRACED);
  say("child %s", status_text(status));
  kill(-child, SIGCONT);
  waitpid(child, &status, 0);
  say("child %s", status_text(status));
}

static void suspended(void) {
  make();
  pid_t pid = in_session(suspended_body);
  sleep_ms(100);
  type("\x1a");
  sleep_ms(100);
  type("\x03");
  say("%s", reaped(pid, 0));
}

static void hang_up_body(void) {
  ioctl(slave, TIOCSCTTY, 0);
  handle(SIGHUP, on_signal, 0);
  handle(SIGCONT, on_signal, 0);
  close(master);
  pause();
  sleep_ms(50);
  say("own %ld", E(open("/dev/tty", O_RDWR)));
}

static void hang_up(void) {
  make();
  pid_t pid = in_session(hang_up_body);
  sleep_ms(150);
  close(master);
  say("%s", reaped(pid, 0));
}

static void leader_ends_body(void) {
  ioctl(slave, TIOCSCTTY, 0);
  if (fork() == 0) {
    close(master);
    handle(SIGHUP, count_signal, 0);
    pause();
    sleep_ms(150);
    say("signals %d", signals);
    say("write %ld", E(write(slave, "x", 1)));
    sleep_ms(250);
    say("read %s.", get(slave));
    _exit(0);
  }
  sleep_ms(150);
}

static void leader_ends(void) {
  make();
  say("%s", reaped(in_session(leader_ends_body), 0));
  sleep_ms(250);
  close(slave);
  close(master);
  sleep_ms(500);
}

static void by_opening_body(void) {
  int file = open(name, O_RDWR);
  say("own %d", open("/dev/tty", O_RDWR) >= 0);
  (void)file;
}

static void by_opening(void) {
  make();
  close(slave);
  say("%s", reaped(in_session(by_opening_body), 0));
}

static void full(void) {
  make();
  static char many[10000];
  memset(many, 'a', sizeof many);
  set(ECHO, 0, 1, 0);
  write(master, many, 6000);
  write(master, "\n", 1);
  long count = read(slave, many, sizeof many);
  say("a line of %ld, its end %d", count, many[count - 1]);
  set(ICANON, 0, 1, 0);
  fcntl(master, F_SETFL, O_NONBLOCK);
  long typed = 0, once;
  while ((once = write(master, many, 1000)) > 0) typed += once;
  say("typed much %d then %ld", typed >= 4000, E(once));
}

int main(void) {
  RUN(at_first);
  RUN(editing);
  RUN(lines_in_parts);
  RUN(raw);
  RUN(half_a_line_becomes_readable);
  RUN(output);
  RUN(flow);
  RUN(packets);
  RUN(closing);
  RUN(window);
  RUN(peer);
  RUN(sessions);
  RUN(keys);
  RUN(background);
  RUN(suspended);
  RUN(hang_up);
  RUN(leader_ends);
  RUN(by_opening);
  RUN(full);
}
