/* Makes calls by number: all of a range between two marks, or one after having written something. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MARK 5000
#define NUMBERS 470

static long raw(long number, long a, long b, long c) {
  long result;
  register long r10 __asm__("r10") = 0;
  register long r8 __asm__("r8") = 0;
  register long r9 __asm__("r9") = 0;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

static long results[NUMBERS];

int main(int count, char **words) {
  static char room[4096];
  if (count > 1) {
    raw(1, 1, (long)"before\n", 7);
    raw(1, 2, (long)"error\n", 6);
    raw(MARK, 0, 0, 0);
    raw(atoi(words[1]), 0, (long)room, 8);
    raw(MARK, 0, 0, 0);
    raw(1, 1, (long)"after\n", 6);
    return 0;
  }
  raw(MARK, 0, 0, 0);
  for (long number = 0; number < NUMBERS; number++) results[number] = raw(number, 0, (long)room, 8);
  raw(MARK, 0, 0, 0);
  for (long number = 0; number < NUMBERS; number++) printf("%ld\n", results[number]);
  return 0;
}
