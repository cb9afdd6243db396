/* fastrelu-info: prints what the library found and chose. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fastrelu.h"

static int usage(FILE *stream) {
  fputs(
      "usage: fastrelu-info [--json | --help | --version]\n"
      "Prints what libfastrelu found on this CPU and which kernels it chose.\n"
      "FASTRELU_ISA=<name> in the environment asks for other kernels.\n",
      stream);
  return stream == stdout ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The JSON has one key a line: without its punctuation it is a list that people read. */
static void print_for_people(char *text) {
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
    if (line[0] != ' ') continue;
    size_t length = strlen(line);
    if (line[length - 1] == ',') line[--length] = '\0';
    for (const char *c = line + 2; *c; c++) {
      if (!strchr("\"[]{}", *c)) putchar(*c);
    }
    putchar('\n');
  }
}

int main(int argc, char **argv) {
  const int json = argc == 2 && strcmp(argv[1], "--json") == 0;
  if (argc == 2 && strcmp(argv[1], "--help") == 0) return usage(stdout);
  if (argc == 2 && strcmp(argv[1], "--version") == 0) {
    printf("fastrelu-info %s\n", fastrelu_version());
    return EXIT_SUCCESS;
  }
  if (argc > 1 && !json) return usage(stderr);

  const int length = fastrelu_info(NULL, 0);
  char *text = malloc((size_t)length + 1);
  if (!text) {
    fputs("fastrelu-info: out of memory\n", stderr);
    return EXIT_FAILURE;
  }
  fastrelu_info(text, (size_t)length + 1);
  if (json) {
    fputs(text, stdout);
  } else {
    print_for_people(text);
  }
  free(text);
  if (fflush(stdout) == EOF || ferror(stdout)) {
    fputs("fastrelu-info: cannot write to standard output\n", stderr);
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
