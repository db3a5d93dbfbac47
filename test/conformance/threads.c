/* pthreads over clone and futex: pthreads(7). */
#include "conformance.h"
#include <semaphore.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static int counter;
static __thread int own = 5;

static void *add(void *argument) {
  for (int i = 0; i < 2000; i++) {
    pthread_mutex_lock(&mutex);
    counter++;
    pthread_mutex_unlock(&mutex);
  }
  own += (int)(long)argument;
  return (void *)(long)own;
}

static void counting(void) {
  pthread_t threads[8];
  long sum = 0;
  for (long i = 0; i < 8; i++) pthread_create(&threads[i], NULL, add, (void *)i);
  for (int i = 0; i < 8; i++) {
    void *result;
    pthread_join(threads[i], &result);
    sum += (long)result;
  }
  say("counter %d sum of thread-locals %ld own %d", counter, sum, own);
}

static int turn;
static void *ping(void *argument) {
  int me = (int)(long)argument;
  for (int i = 0; i < 200; i++) {
    pthread_mutex_lock(&mutex);
    while (turn != me) pthread_cond_wait(&cond, &mutex);
    turn = !me;
    pthread_cond_broadcast(&cond);
    pthread_mutex_unlock(&mutex);
  }
  return NULL;
}

static void ping_pong(void) {
  pthread_t threads[2];
  for (long i = 0; i < 2; i++) pthread_create(&threads[i], NULL, ping, (void *)i);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  say("turn %d", turn);
}

static void *meet(void *argument) {
  (void)argument;
  long serial = 0;
  for (int i = 0; i < 20; i++) if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) serial++;
  return (void *)serial;
}

static void barriers(void) {
  pthread_t threads[4];
  long serial = 0;
  pthread_barrier_init(&barrier, NULL, 4);
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, meet, NULL);
  for (int i = 0; i < 4; i++) {
    void *result;
    pthread_join(threads[i], &result);
    serial += (long)result;
  }
  say("serial %ld", serial);
}

static void clean(void *argument) { say("cleanup %s", (char *)argument); }
static void *sleeper(void *argument) {
  pthread_cleanup_push(clean, "sleeper");
  if (argument) pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
  if (argument) for (;;);
  pause();
  pthread_cleanup_pop(0);
  return NULL;
}

static void cancellation(void) {
  pthread_t thread;
  void *result;
  pthread_create(&thread, NULL, sleeper, NULL);
  sleep_ms(20);
  int cancelled = pthread_cancel(thread);
  pthread_join(thread, &result);
  say("cancel %d", cancelled);
  say("cancelled %d", result == PTHREAD_CANCELED);
  pthread_create(&thread, NULL, sleeper, (void *)1);
  sleep_ms(20);
  pthread_cancel(thread);
  pthread_join(thread, &result);
  say("asynchronously %d", result == PTHREAD_CANCELED);
}

static void timed_waits(void) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 20000000;
  if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
  pthread_mutex_lock(&mutex);
  say("cond timed out %d", pthread_cond_timedwait(&cond, &mutex, &until));
  pthread_mutex_unlock(&mutex);
  sem_t semaphore;
  sem_init(&semaphore, 0, 1);
  say("sem %d", sem_wait(&semaphore));
  say("sem timed out %ld", E(sem_timedwait(&semaphore, &until)));
  say("sem try %ld", E(sem_trywait(&semaphore)));
}

static volatile int spinning;
static void *spin(void *argument) {
  (void)argument;
  spinning = 1;
  for (;;);
}
static void exit_while_others_run(void) {
  pthread_t thread;
  for (int i = 0; i < 3; i++) pthread_create(&thread, NULL, spin, NULL);
  while (!spinning) sched_yield();
  exit(12);
}

static void *exit_late(void *argument) {
  (void)argument;
  sleep_ms(30);
  say("last thread");
  return NULL;
}
static void main_thread_ends_first(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, exit_late, NULL);
  pthread_detach(thread);
  pthread_exit(NULL);
}

static void *leave(void *argument) {
  (void)argument;
  _exit(21);
}
static void thread_ends_process(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, leave, NULL);
  pause();
}

static void *wreck(void *argument) {
  (void)argument;
  *(volatile int *)8 = 1;
  return NULL;
}
static void thread_crash_ends_process(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, wreck, NULL);
  pause();
}

static void *raw_exit(void *argument) {
  (void)argument;
  sleep_ms(20);
  syscall(SYS_exit, 9);
  return NULL;
}
static void status_of_first_thread(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, raw_exit, NULL);
  syscall(SYS_exit, 5);
}

static pthread_t handled_by;
static volatile int handled;
static void note_thread(int signal) { (void)signal, handled_by = pthread_self(), handled++; }
static void *wait_handled(void *argument) {
  (void)argument;
  while (!handled) usleep(1000);
  return NULL;
}
static void directed_signals(void) {
  sigset_t set;
  pthread_t thread;
  handle(SIGUSR1, note_thread, 0);
  pthread_create(&thread, NULL, wait_handled, NULL);
  pthread_kill(thread, SIGUSR1);
  pthread_join(thread, NULL);
  say("directed %d", handled_by == thread);
  handled = 0;
  pthread_create(&thread, NULL, wait_handled, NULL);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  kill(getpid(), SIGUSR1);
  pthread_join(thread, NULL);
  say("to the one that does not block %d", handled_by == thread);
  say("kill ended thread id %ld", E(syscall(SYS_tgkill, getpid(), 99999, 0)));
}

static pthread_key_t key;
static void drop(void *value) { say("destructor %ld", (long)value); }
static void *set_key(void *argument) {
  pthread_setspecific(key, argument);
  return NULL;
}
static void specific(void) {
  pthread_t thread;
  pthread_key_create(&key, drop);
  pthread_create(&thread, NULL, set_key, (void *)77L);
  pthread_join(thread, NULL);
}

static void *fork_here(void *argument) {
  (void)argument;
  pid_t pid = fork();
  if (pid == 0) {
    say("child thread is the leader %d", getpid() == gettid());
    _exit(3);
  }
  say("%s", reaped(pid, 0));
  return NULL;
}
static void fork_from_thread(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, fork_here, NULL);
  pthread_join(thread, NULL);
}

static void *exec_here(void *argument) {
  (void)argument;
  execl("/bin/sh", "sh", "-c", "echo from exec; exit 6", NULL);
  return NULL;
}
static void exec_from_thread(void) {
  pthread_t thread, other;
  pthread_create(&other, NULL, spin, NULL);
  pthread_create(&thread, NULL, exec_here, NULL);
  pthread_join(thread, NULL);
}
static void *exec_pid(void *argument) {
  static char wanted[64];
  sprintf(wanted, "test $$ = %d && echo same pid", getpid());
  execl("/bin/sh", "sh", "-c", wanted, NULL);
  return argument;
}
static void exec_keeps_pid(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, exec_pid, NULL);
  pthread_join(thread, NULL);
}

static void *own_name(void *argument) {
  (void)argument;
  char name[16];
  pthread_setname_np(pthread_self(), "worker");
  pthread_getname_np(pthread_self(), name, 16);
  say("thread name %s", name);
  return NULL;
}
static void names(void) {
  char name[16];
  pthread_t thread;
  pthread_setname_np(pthread_self(), "leader");
  pthread_create(&thread, NULL, own_name, NULL);
  pthread_join(thread, NULL);
  pthread_getname_np(pthread_self(), name, 16);
  say("leader name %s", name);
}

static pthread_mutex_t *shared_mutex;
static void robust(int type, const char *name) {
  pthread_mutexattr_t attributes;
  shared_mutex = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setprotocol(&attributes, type);
  say("%s init %d", name, pthread_mutex_init(shared_mutex, &attributes));
  int locked[2];
  char byte;
  pipe(locked);
  pid_t pid = fork();
  if (pid == 0) {
    pthread_mutex_lock(shared_mutex);
    write(locked[1], "x", 1);
    sleep_ms(20);
    _exit(0);
  }
  read(locked[0], &byte, 1);
  say("%s owner died %d", name, pthread_mutex_lock(shared_mutex));
  say("%s consistent %d", name, pthread_mutex_consistent(shared_mutex));
  say("%s unlock %d", name, pthread_mutex_unlock(shared_mutex));
  say("%s lock %d", name, pthread_mutex_lock(shared_mutex));
  say("%s %s", name, reaped(pid, 0));
}
static void robust_mutex(void) { robust(PTHREAD_PRIO_NONE, "robust"); }
static void robust_inheriting_mutex(void) { robust(PTHREAD_PRIO_INHERIT, "robust pi"); }

static void *pi_add(void *argument) {
  for (int i = 0; i < 200; i++) {
    pthread_mutex_lock(argument);
    counter++;
    if (i % 16 == 0) sched_yield();
    pthread_mutex_unlock(argument);
  }
  return NULL;
}
static void inheriting_mutex(void) {
  pthread_mutexattr_t attributes;
  pthread_mutex_t pi;
  pthread_t threads[4];
  counter = 0;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
  say("init %d", pthread_mutex_init(&pi, &attributes));
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, pi_add, &pi);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  say("counter %d", counter);
}

int main(void) {
  RUN(counting);
  RUN(ping_pong);
  RUN(barriers);
  RUN(cancellation);
  RUN(timed_waits);
  RUN(exit_while_others_run);
  RUN(main_thread_ends_first);
  RUN(thread_ends_process);
  RUN(thread_crash_ends_process);
  RUN(status_of_first_thread);
  RUN(directed_signals);
  RUN(specific);
  RUN(fork_from_thread);
  RUN(exec_from_thread);
  RUN(exec_keeps_pid);
  RUN(names);
  RUN(robust_mutex);
  RUN(robust_inheriting_mutex);
  RUN(inheriting_mutex);
}
