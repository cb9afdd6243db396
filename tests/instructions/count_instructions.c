/* usage: count_instructions [ISA PATTERN N...]
 *
 * How many instructions the public functions execute for n elements, counted by single-stepping: a virtual
 * machine may have no performance counters. One line for each operation whose name matches the pattern: the
 * name, and a count for each N. Without arguments the usable instruction sets, best first. Returns 77 where
 * ptrace is not permitted.
 *
 * The parent steps over its child, which stops at a breakpoint before each call. What counts is executed outside
 * of this program's own code: everything from the public function's first instruction to its return, whatever
 * it calls included, but neither the row's adaptor nor the linker's stub. Of what it calls in the C library only
 * the call counts: how memset is done depends on the CPU and on the library's version, which a ledger does not. */
#define _GNU_SOURCE
#include <elf.h>
#include <fnmatch.h>
#include <link.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buffers.h"
#include "fastrelu.h"
#include "operations.h"

/* What operands have room for: the last [channels][inner] of a shape is whole, whatever the length. */
enum { ROOM = 2048, LARGEST_ROW = 14, LONGEST = ROOM - LARGEST_ROW };

enum { FEW = 64, CANNOT_TRACE = 77 };

/* What is to be called: the operations that match the pattern, each with each length. */
struct plan {
  const char *isa, *pattern;
  size_t lengths[LONGEST], length_count;
};

/* ---- what operations.c has no rows for ------------------------------------------------------------------- */

/* Roles and dtype say how the operands are filled; there is no `element`. An adaptor may compute what it passes,
 * which is not counted as long as it calls nothing outside of this program. Behind the dtype a name says which n
 * elements they are: instructions.py. */
#define CALL(name, ...)                                                           \
  static int call_##name(void *const p[], size_t n, const struct parameters *q) { \
    (void)q;                                                                      \
    return fastrelu_##name(__VA_ARGS__);                                          \
  }
#define CALLS(operation, ...)        \
  CALL(operation##_f32, __VA_ARGS__) \
  CALL(operation##_f64, __VA_ARGS__) \
  CALL(operation##_f16, __VA_ARGS__) \
  CALL(operation##_bf16, __VA_ARGS__)

/* [outer][channels][inner] with the last two as parameters, and outer the least that n elements fit into. */
#define SHAPE outer(n, q), (size_t)q->first, (size_t)q->second

static size_t outer(size_t n, const struct parameters *q) {
  const size_t row = (size_t)q->first * (size_t)q->second;
  return (n + row - 1) / row;
}

CALLS(prelu, p[0], p[1], p[2], SHAPE)
CALLS(prelu_grad, p[0], p[1], p[2], p[3], p[4], SHAPE)
CALLS(relu_bias, p[0], p[1], p[2], SHAPE)
CALLS(relu_bias_grad, p[0], p[1], p[2], p[3], SHAPE)
CALLS(relu_count, p[0], p[1], SHAPE)

/* The indices of every eighth element. */
static uint32_t eighths[ROOM / 8];

CALLS(relu_compress, p[0], p[1], p[2], n, p[3])
CALLS(relu_expand, p[0], eighths, (n + 7) / 8, p[1], n)

/* clang-format off */
#define ROW(operation, suffix, dtype, label, channels, inner, ...) \
  {.name = #operation "_" #suffix label, dtype, __VA_ARGS__, .parameters = {channels, inner}, \
   .call = call_##operation##_##suffix},
#define ROWS(operation, label, channels, inner, ...)            \
  ROW(operation, f32, F32, label, channels, inner, __VA_ARGS__) \
  ROW(operation, f64, F64, label, channels, inner, __VA_ARGS__) \
  ROW(operation, f16, F16, label, channels, inner, __VA_ARGS__) \
  ROW(operation, bf16, BF16, label, channels, inner, __VA_ARGS__)
/* NHWC, and short runs of NCHW that are no whole vectors. */
#define ROWS_OF_SHAPES(operation, ...)       \
  ROWS(operation, "-4x1", 4, 1, __VA_ARGS__) \
  ROWS(operation, "-2x7", 2, 7, __VA_ARGS__)

static const struct operation other_operations[] = {
  ROWS_OF_SHAPES(prelu, {TENSOR_IN, TENSOR_IN, TENSOR_OUT})
  ROWS_OF_SHAPES(prelu_grad, {TENSOR_IN, TENSOR_IN, TENSOR_IN, TENSOR_OUT, TENSOR_OUT})
  ROWS_OF_SHAPES(relu_bias, {TENSOR_IN, TENSOR_IN, TENSOR_OUT})
  ROWS_OF_SHAPES(relu_bias_grad, {TENSOR_IN, TENSOR_IN, TENSOR_OUT, TENSOR_OUT})
  ROWS_OF_SHAPES(relu_count, {TENSOR_IN, TENSOR_OUT})
  ROWS(relu_compress, "-half", 0, 0, {TENSOR_IN, TENSOR_OUT, TENSOR_OUT, TENSOR_OUT})
  ROWS(relu_expand, "-eighth", 0, 0, {TENSOR_IN, TENSOR_OUT})
  {.name = NULL}
};
/* clang-format on */

static bool has_shape(const struct operation *op) { return !op->element && op->parameters.first > 0; }

/* ---- the plan -------------------------------------------------------------------------------------------- */

/* The i-th of all; the last has no name. */
static const struct operation *row(size_t i) {
  return i < operation_count ? &operations[i] : &other_operations[i - operation_count];
}

/* The name of the function: that of the row without its parameters. */
static const char *function_name(const struct operation *op) {
  static char name[64];
  snprintf(name, sizeof name, "%.*s", (int)strcspn(op->name, "("), op->name);
  return name;
}

static bool is_planned(const struct plan *plan, const struct operation *op) {
  return !op->variant && fnmatch(plan->pattern, function_name(op), 0) == 0;
}

/* More elements of a shape say little more, and would take as many steps as all else together: they are for one
 * dtype. */
static bool is_counted(const struct operation *op, size_t n) {
  return !has_shape(op) || op->dtype == F32 || n <= FEW;
}

/* ---- the child ------------------------------------------------------------------------------------------- */

#if defined(__x86_64__)
#define BREAKPOINT() __asm__ volatile("int3" ::: "memory")
#define PROGRAM_COUNTER rip
#elif defined(__aarch64__)
#define BREAKPOINT() __asm__ volatile("brk #0" ::: "memory")
#define PROGRAM_COUNTER pc
#endif

/* At the same addresses and with the same data, whatever was called before. */
static void make_call(const struct operation *op, size_t n) {
  static _Alignas(4096) char memory[MAX_OPERANDS][ROOM * 8];
  void *operands[MAX_OPERANDS];
  for (int k = 0; k < MAX_OPERANDS; k++) {
    uint64_t seed = (uint64_t)k;
    operands[k] = memory[k];
    if (op->roles[k] != NONE) fill(op, k, operands[k], n + LARGEST_ROW, &seed);
  }
  BREAKPOINT();
  const int status = call(op, operands, n);
  if (status != FASTRELU_OK) {
    fprintf(stderr, "%s, n = %zu: status %d\n", op->name, n, status);
    exit(EXIT_FAILURE);
  }
}

static void make_calls(const struct plan *plan) {
  if (fastrelu_use_isa(plan->isa) != FASTRELU_OK) {
    fprintf(stderr, "%s is no usable instruction set\n", plan->isa);
    exit(EXIT_FAILURE);
  }
  for (size_t i = 0; row(i)->name; i++) {
    for (size_t l = 0; is_planned(plan, row(i)) && l < plan->length_count; l++) {
      if (is_counted(row(i), plan->lengths[l])) make_call(row(i), plan->lengths[l]);
    }
  }
}

/* ---- the parent ------------------------------------------------------------------------------------------ */

static void trace(int request, pid_t child, void *address, void *data) {
  if (ptrace(request, child, address, data) == 0) return;
  perror("ptrace");
  exit(EXIT_FAILURE);
}

static void run(pid_t child, int request) {
  int status;
  trace(request, child, NULL, NULL);
  waitpid(child, &status, 0);
  if (WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP) return;
  fprintf(stderr, "the calls ended early, with wait status %#x\n", (unsigned)status);
  exit(EXIT_FAILURE);
}

struct range {
  uintptr_t begin, end;
};

static bool is_within(struct range range, uintptr_t at) { return at >= range.begin && at < range.end; }

/* Of the loaded objects the one that defines stdout, which points into it. Ends dl_iterate_phdr there. */
static int find_c_library(struct dl_phdr_info *object, size_t size, void *found) {
  struct range range = {UINTPTR_MAX, 0};
  (void)size;
  for (int i = 0; i < object->dlpi_phnum; i++) {
    if (object->dlpi_phdr[i].p_type != PT_LOAD) continue;
    const uintptr_t begin = object->dlpi_addr + object->dlpi_phdr[i].p_vaddr;
    const uintptr_t end = begin + object->dlpi_phdr[i].p_memsz;
    if (begin < range.begin) range.begin = begin;
    if (end > range.end) range.end = end;
  }
  if (!is_within(range, (uintptr_t)stdout)) return 0;
  *(struct range *)found = range;
  return 1;
}

static uintptr_t program_counter(pid_t child) {
  struct user_regs_struct registers;
  struct iovec whole = {&registers, sizeof registers};
  trace(PTRACE_GETREGSET, child, (void *)NT_PRSTATUS, &whole);
  return registers.PROGRAM_COUNTER;
}

static void run_to_breakpoint(pid_t child) {
  run(child, PTRACE_CONT);
#if defined(__aarch64__) /* it stays at the breakpoint; x86 is past it */
  struct user_regs_struct registers;
  struct iovec whole = {&registers, sizeof registers};
  trace(PTRACE_GETREGSET, child, (void *)NT_PRSTATUS, &whole);
  registers.pc += 4;
  trace(PTRACE_SETREGSET, child, (void *)NT_PRSTATUS, &whole);
#endif
}

/* The child is a fork: what is where in the parent is there in the child, too. */
static unsigned count_call(pid_t child) {
  extern const char __executable_start[], etext[]; /* the linker's */
  const struct range program = {(uintptr_t)__executable_start, (uintptr_t)etext};
  struct range c_library = {0, 0};
  unsigned count = 0;
  dl_iterate_phdr(find_c_library, &c_library);
  run_to_breakpoint(child);
  for (;;) {
    run(child, PTRACE_SINGLESTEP);
    const uintptr_t at = program_counter(child);
    if (is_within(program, at)) {
      if (count > 0) return count;
    } else if (!is_within(c_library, at)) {
      count++;
    }
  }
}

static void print_counts(const struct plan *plan, pid_t child) {
  for (size_t i = 0; row(i)->name; i++) {
    if (!is_planned(plan, row(i))) continue;
    printf("%s", function_name(row(i)));
    for (size_t l = 0; l < plan->length_count; l++) {
      if (is_counted(row(i), plan->lengths[l])) printf(" %u", count_call(child));
    }
    printf("\n");
  }
}

int main(int argc, char **argv) {
  static struct plan plan;
  if (argc < 3) {
    for (const char *const *isa = fastrelu_isa_list(); *isa; isa++) puts(*isa);
    return EXIT_SUCCESS;
  }
  plan.isa = argv[1];
  plan.pattern = argv[2];
  for (int i = 3; i < argc && plan.length_count < LONGEST; i++) {
    const size_t n = strtoul(argv[i], NULL, 10);
    if (n > LONGEST) return fprintf(stderr, "at most %d elements\n", LONGEST), EXIT_FAILURE;
    plan.lengths[plan.length_count++] = n;
  }

  for (uint32_t k = 0; k < ROOM / 8; k++) eighths[k] = 8 * k;
  const pid_t child = fork();
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(CANNOT_TRACE);
    raise(SIGSTOP);
    make_calls(&plan);
    return EXIT_SUCCESS;
  }
  int status;
  if (child < 0 || waitpid(child, &status, 0) != child) return perror("fork"), EXIT_FAILURE;
  if (!WIFSTOPPED(status)) return CANNOT_TRACE;
  trace(PTRACE_SETOPTIONS, child, NULL, (void *)PTRACE_O_EXITKILL);
  print_counts(&plan, child);
  return EXIT_SUCCESS;
}
