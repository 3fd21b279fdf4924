// usage: pairs ROUNDS -- COMMAND... -- COMMAND... [-- COMMAND...]
//
// Runs each command once per round as a process of its own, one after the other, output thrown away, and prints for each the
// median and the 99th percentile in microseconds and the median of its ratio to the first, round by round. `%` in a word is
// replaced by the number of the round.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { command_max = 8, word_max = 32, round_max = 10000 };

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int order(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double run(char **words, int round) {
  static char numbered[word_max][512];
  char *line[word_max + 1] = {0};
  for (int i = 0; words[i] != NULL && i < word_max; i++) {
    const char *mark = strchr(words[i], '%');
    line[i] = words[i];
    if (mark == NULL) continue;
    snprintf(numbered[i], sizeof numbered[i], "%.*s%d%s", (int)(mark - words[i]), words[i], round, mark + 1);
    line[i] = numbered[i];
  }
  const double begin = now_us();
  const pid_t child = vfork();
  if (child == 0) {
    execvp(line[0], line);
    _exit(127);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    fprintf(stderr, "pairs: %s ended with status %d in round %d\n", line[0], WEXITSTATUS(status), round);
    exit(1);
  }
  return now_us() - begin;
}

int main(int count, char **words) {
  const int rounds = count > 3 ? atoi(words[1]) : 0;
  if (rounds < 1 || rounds > round_max) {
    fprintf(stderr, "usage: pairs ROUNDS -- COMMAND... -- COMMAND...\n");
    return 2;
  }
  char **commands[command_max];
  int commandCount = 0;
  for (int i = 2; i < count; i++) {
    if (strcmp(words[i], "--") != 0) continue;
    words[i] = NULL;
    if (commandCount < command_max && i + 1 < count) commands[commandCount++] = words + i + 1;
  }
  static double times[command_max][round_max], ratios[command_max][round_max];
  const int null = open("/dev/null", O_RDWR);
  const int out = dup(1);
  dup2(null, 1);
  for (int c = 0; c < commandCount; c++) run(commands[c], rounds + c);
  for (int r = 0; r < rounds; r++) {
    for (int c = 0; c < commandCount; c++) {
      times[c][r] = run(commands[c], r);
      ratios[c][r] = times[c][r] / times[0][r];
    }
  }
  dup2(out, 1);
  for (int c = 0; c < commandCount; c++) {
    qsort(times[c], (size_t)rounds, sizeof(double), order);
    qsort(ratios[c], (size_t)rounds, sizeof(double), order);
    printf("%s\t%.0f\t%.0f\t%.3f\n", commands[c][0], times[c][rounds / 2], times[c][rounds * 99 / 100],
           ratios[c][rounds / 2]);
  }
  return 0;
}
