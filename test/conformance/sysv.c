/* svipc(7): shared memory, semaphores and message queues by System V's calls. */
#include "conformance.h"
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

union argument { int value; struct semid_ds *set; unsigned short *values; };
static struct { long type; char text[9000]; } message;

static void segments(void) {
  int key = 0x7a746c00 + getpid() % 200;
  say("none %ld", E(shmget(key, 5000, 0600)));
  say("too small %ld", E(shmget(key, 0, IPC_CREAT | 0600)));
  int id = shmget(key, 5000, IPC_CREAT | 0640);
  say("made %d", id >= 0);
  say("again the same %d", shmget(key, 5000, 0600) == id);
  say("smaller %d", shmget(key, 10, 0) == id);
  say("larger %ld", E(shmget(key, 6000, 0600)));
  say("exclusive %ld", E(shmget(key, 5000, IPC_CREAT | IPC_EXCL | 0600)));
  char *place = shmat(id, NULL, 0);
  say("zeros %d %d", place[0], place[4999]);
  strcpy(place, "written");
  char *second = shmat(id, NULL, SHM_RDONLY);
  say("seen %s", second);
  struct shmid_ds state;
  shmctl(id, IPC_STAT, &state);
  say("size %ld attached %ld mode %o creator is me %d key %d", (long)state.shm_segsz, (long)state.shm_nattch,
      state.shm_perm.mode, state.shm_cpid == getpid(), state.shm_perm.__key == key);
  pid_t child = fork();
  if (child == 0) {
    shmctl(id, IPC_STAT, &state);
    say("attached in both %ld", (long)state.shm_nattch);
    strcpy(place, "by the child");
    _exit(0);
  }
  waitpid(child, NULL, 0);
  say("seen %s", second);
  child = fork();
  if (child == 0) second[0] = 'x', _exit(0);
  say("read only %s", reaped(child, 0));
  shmctl(id, IPC_STAT, &state);
  say("attached %ld", (long)state.shm_nattch);
  say("unaligned %ld", E((long)shmat(id, place + 1, 0)));
  say("taken %ld", E((long)shmat(id, place, 0)));
  say("in its place %d", shmat(id, place, SHM_REMAP) == place);
  say("rounded %d", shmat(id, place + 100, SHM_REMAP | SHM_RND) == place);
  say("remove %ld", E(shmctl(id, IPC_RMID, NULL)));
  say("by key %ld", E(shmget(key, 10, 0)));
  shmctl(id, IPC_STAT, &state);
  say("doomed %o", state.shm_perm.mode);
  char *late = shmat(id, NULL, 0);
  say("attached late %s", late);
  say("detach %ld %ld %ld", E(shmdt(late)), E(shmdt(second)), E(shmdt(place)));
  say("gone %ld", E(shmctl(id, IPC_STAT, &state)));
  say("detach again %ld", E(shmdt(place)));
  say("no id %ld", E((long)shmat(-1, NULL, 0)));
}

static void parts(void) {
  int id = shmget(IPC_PRIVATE, 16384, 0600);
  char *place = shmat(id, NULL, 0);
  memset(place, 'a', 16384);
  mprotect(place + 4096, 4096, PROT_READ);
  munmap(place + 8192, 4096);
  char *other = shmat(id, NULL, 0);
  say("all there %c %c", other[8192], other[16383]);
  say("detach the rest %ld", E(shmdt(place)));
  pid_t child = fork();
  if (child == 0) _exit(place[12288]);
  say("unmapped %s", reaped(child, 0));
  shmctl(id, IPC_RMID, NULL);
}

static void semaphores(void) {
  int key = 0x7a746d00 + getpid() % 200;
  say("none %ld", E(semget(key, 1, 0)));
  say("no number %ld", E(semget(key, 0, IPC_CREAT | 0600)));
  int id = semget(key, 3, IPC_CREAT | 0600);
  say("again %d", semget(key, 2, 0) == id);
  say("more %ld", E(semget(key, 4, 0)));
  say("set %ld", E(semctl(id, 1, SETVAL, (union argument){.value = 2})));
  say("get %d %d", semctl(id, 0, GETVAL), semctl(id, 1, GETVAL));
  say("range %ld %ld", E(semctl(id, 1, SETVAL, (union argument){.value = 40000})), E(semctl(id, 1, SETVAL, (union argument){.value = -1})));
  say("number %ld", E(semctl(id, 3, GETVAL)));
  struct sembuf take = {1, -1, IPC_NOWAIT}, give = {1, 1, 0}, zero = {0, 0, IPC_NOWAIT};
  say("take %ld %ld %ld", E(semop(id, &take, 1)), E(semop(id, &take, 1)), E(semop(id, &take, 1)));
  say("zero %ld", E(semop(id, &zero, 1)));
  struct sembuf both[2] = {{0, 1, 0}, {1, -1, IPC_NOWAIT}};
  say("both or none %ld, so %d", E(semop(id, both, 2)), semctl(id, 0, GETVAL));
  struct sembuf twice[2] = {{0, 1, 0}, {0, -1, 0}};
  say("one after the other %ld", E(semop(id, twice, 2)));
  say("too many %ld", E(semop(id, twice, 501)));
  say("none %ld", E(semop(id, twice, 0)));
  struct sembuf beyond = {3, 1, 0};
  say("beyond %ld", E(semop(id, &beyond, 1)));
  struct sembuf high = {1, 32767, 0};
  say("high %ld %ld", E(semop(id, &high, 1)), E(semop(id, &give, 1)));
  unsigned short values[3] = {4, 5, 6};
  say("all %ld", E(semctl(id, 0, SETALL, (union argument){.values = values})));
  memset(values, 0, sizeof values);
  semctl(id, 0, GETALL, (union argument){.values = values});
  say("are %d %d %d last by me %d", values[0], values[1], values[2], semctl(id, 1, GETPID) == getpid());
  struct semid_ds state;
  semctl(id, 0, IPC_STAT, (union argument){.set = &state});
  say("number of them %ld mode %o operated %d", (long)state.sem_nsems, state.sem_perm.mode, state.sem_otime > 0);
  struct timespec moment = {0, 20000000};
  struct sembuf wait = {0, -9, 0};
  say("timed %ld", E(semtimedop(id, &wait, 1, &moment)));
  pid_t child = fork();
  if (child == 0) {
    say("waited %ld", E(semop(id, &wait, 1)));
    say("removed %ld", E(semop(id, &wait, 1)));
    _exit(0);
  }
  sleep_ms(60);
  say("waiting %d %d", semctl(id, 0, GETNCNT), semctl(id, 0, GETZCNT));
  struct sembuf grow = {0, 6, 0};
  semop(id, &grow, 1);
  sleep_ms(60);
  say("left %d", semctl(id, 0, GETVAL));
  say("remove %ld", E(semctl(id, 0, IPC_RMID)));
  say("%s", reaped(child, 0));
  say("after %ld", E(semop(id, &give, 1)));
}

static void undone(void) {
  int id = semget(IPC_PRIVATE, 2, 0600);
  semctl(id, 0, SETVAL, (union argument){.value = 5});
  pid_t child = fork();
  if (child == 0) {
    struct sembuf operations[2] = {{0, -3, SEM_UNDO}, {1, 4, SEM_UNDO}};
    say("changed %ld", E(semop(id, operations, 2)));
    say("now %d %d", semctl(id, 0, GETVAL), semctl(id, 1, GETVAL));
    _exit(0);
  }
  say("%s", reaped(child, 0));
  say("then %d %d", semctl(id, 0, GETVAL), semctl(id, 1, GETVAL));
  semctl(id, 0, IPC_RMID);
}

static void on_alarm(int signal) { (void)signal; }

static void interrupted(void) {
  int id = semget(IPC_PRIVATE, 1, 0600);
  int queue = msgget(IPC_PRIVATE, 0600);
  handle(SIGALRM, on_alarm, SA_RESTART);
  struct sembuf wait = {0, -1, 0};
  struct itimerval soon = {{0, 0}, {0, 30000}};
  setitimer(ITIMER_REAL, &soon, NULL);
  say("semop %ld", E(semop(id, &wait, 1)));
  say("nobody waits %d", semctl(id, 0, GETNCNT));
  setitimer(ITIMER_REAL, &soon, NULL);
  say("msgrcv %ld", E(msgrcv(queue, &message, 100, 0, 0)));
  semctl(id, 0, IPC_RMID);
  msgctl(queue, IPC_RMID, NULL);
}

static void put(int id, long type, const char *text) {
  message.type = type;
  strcpy(message.text, text);
  say("send %ld", E(msgsnd(id, &message, strlen(text) + 1, IPC_NOWAIT)));
}

static void get(int id, long size, long type, int flags) {
  memset(&message, 0, sizeof message);
  long count = E(msgrcv(id, &message, size, type, IPC_NOWAIT | flags));
  say("got %ld type %ld %s", count, message.type, message.text);
}

static void queues(void) {
  int id = msgget(IPC_PRIVATE, 0600);
  put(id, 3, "three");
  put(id, 1, "one");
  put(id, 2, "two");
  put(id, 1, "one again");
  get(id, 100, 2, 0);
  get(id, 100, -2, 0);
  get(id, 3, 3, 0);
  get(id, 3, 3, MSG_NOERROR);
  put(id, 5, "five");
  get(id, 100, 1, MSG_EXCEPT);
  get(id, 100, 0, 0);
  get(id, 100, 0, 0);
  put(id, 0, "no type");
  message.type = 1;
  say("too long %ld", E(msgsnd(id, &message, 8193, IPC_NOWAIT)));
  say("longest %ld %ld %ld", E(msgsnd(id, &message, 8192, IPC_NOWAIT)), E(msgsnd(id, &message, 8192, IPC_NOWAIT)),
      E(msgsnd(id, &message, 1, IPC_NOWAIT)));
  struct msqid_ds state;
  msgctl(id, IPC_STAT, &state);
  say("holds %ld of %ld in %ld, last by me %d", (long)state.__msg_cbytes, (long)state.msg_qbytes, (long)state.msg_qnum,
      state.msg_lspid == getpid());
  pid_t child = fork();
  if (child == 0) {
    say("sent when there is room %ld", E(msgsnd(id, &message, 100, 0)));
    msgrcv(id, &message, 9000, 77, 0);
    say("removed meanwhile %d", errno);
    _exit(0);
  }
  sleep_ms(60);
  get(id, 9000, 0, MSG_NOERROR);
  sleep_ms(60);
  say("remove %ld", E(msgctl(id, IPC_RMID, NULL)));
  say("%s", reaped(child, 0));
  say("after %ld", E(msgsnd(id, &message, 1, 0)));
}

static void rights(void) {
  int segment = shmget(IPC_PRIVATE, 4096, 0600), set = semget(IPC_PRIVATE, 1, 0644), queue = msgget(IPC_PRIVATE, 0622);
  struct shmid_ds state;
  struct msqid_ds other;
  if (geteuid() == 0) {
    setresgid(1234, 1234, 1234);
    setresuid(1234, 1234, 1234);
    say("segment %ld %ld", E((long)shmat(segment, NULL, 0)), E(shmctl(segment, IPC_STAT, &state)));
    struct sembuf give = {0, 1, 0}, zero = {0, 0, 0};
    say("set %ld %ld %ld", E(semctl(set, 0, GETVAL)), E(semop(set, &zero, 1)), E(semop(set, &give, 1)));
    message.type = 1;
    say("queue %ld %ld", E(msgsnd(queue, &message, 1, 0)), E(msgctl(queue, IPC_STAT, &other)));
    say("remove %ld %ld %ld", E(shmctl(segment, IPC_RMID, NULL)), E(semctl(set, 0, IPC_RMID)), E(msgctl(queue, IPC_RMID, NULL)));
    return;
  }
  shmctl(segment, IPC_RMID, NULL), semctl(set, 0, IPC_RMID), msgctl(queue, IPC_RMID, NULL);
}

int main(void) {
  RUN(segments);
  RUN(parts);
  RUN(semaphores);
  RUN(undone);
  RUN(interrupted);
  RUN(queues);
  RUN(rights);
}
