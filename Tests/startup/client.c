// The least a command that asks an engine can be: one connection, one line out, lines in until the answer has ended.
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int count, char **words) {
  if (count != 3) {
    fprintf(stderr, "usage: client SOCKET LINE\n");
    return 2;
  }
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, words[1], sizeof address.sun_path - 1);
  const int s = socket(AF_UNIX, SOCK_STREAM, 0);
  if (s < 0 || connect(s, (struct sockaddr *)&address, sizeof address) != 0) return 16;
  char line[4096];
  const int length = snprintf(line, sizeof line, "%s\n", words[2]);
  if (write(s, line, (size_t)length) != length) return 16;
  static char answer[1 << 16];
  size_t used = 0;
  while (used < sizeof answer - 1) {
    const ssize_t got = read(s, answer + used, sizeof answer - 1 - used);
    if (got <= 0) return 16;
    used += (size_t)got;
    answer[used] = 0;
    if (strstr(answer, "\"end\":")) return fwrite(answer, 1, used, stdout) == used ? 0 : 1;
  }
  return 1;
}
