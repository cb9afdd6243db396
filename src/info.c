/* What the library says about itself. No stdio: it is callable from a signal handler and knows no locale. */
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "cpu.h"
#include "dispatch.h"
#include "fastrelu.h"
#include "runner.h"

#define TEXT(number) #number
#define STRING(number) TEXT(number)
#define VERSION \
  STRING(FASTRELU_VERSION_MAJOR) "." STRING(FASTRELU_VERSION_MINOR) "." STRING(FASTRELU_VERSION_PATCH)

#if defined(__clang__)
#define COMPILER __VERSION__
#else
#define COMPILER "GCC " __VERSION__
#endif

uint32_t fastrelu_version_number(void) {
  return FASTRELU_VERSION_MAJOR * 10000 + FASTRELU_VERSION_MINOR * 100 + FASTRELU_VERSION_PATCH;
}

const char *fastrelu_version(void) { return VERSION; }

const char *fastrelu_status_string(fastrelu_status status) {
  switch (status) {
    case FASTRELU_OK:
      return "ok";
    case FASTRELU_ERROR_NULL:
      return "a pointer that must not be NULL is NULL";
    case FASTRELU_ERROR_ALIGNMENT:
      return "a tensor is not aligned to its element";
    case FASTRELU_ERROR_SIZE:
      return "a tensor is larger than PTRDIFF_MAX bytes";
    case FASTRELU_ERROR_OVERLAP:
      return "buffers overlap";
    case FASTRELU_ERROR_PARAMETER:
      return "a parameter is out of its range";
    case FASTRELU_ERROR_INDEX:
      return "an index is out of range or out of order";
    case FASTRELU_ERROR_ISA:
      return "instruction set unknown or not usable on this CPU";
    case FASTRELU_ERROR_RUNNER:
      return "the runner reported an error";
    default:
      return "unknown status";
  }
}

typedef struct {
  char *buffer;
  size_t size, length; /* of the buffer; of the whole text so far */
} writer;

static void put(writer *w, char c) {
  if (w->length + 1 < w->size) w->buffer[w->length] = c;
  w->length++;
}

static void put_text(writer *w, const char *text) {
  while (*text) put(w, *text++);
}

/* A JSON string; what is not printable ASCII is written as an escape, byte by byte. */
static void put_string(writer *w, const char *text) {
  static const char digits[] = "0123456789abcdef";
  put(w, '"');
  for (; *text; text++) {
    const unsigned char c = (unsigned char)*text;
    if (c < 0x20 || c >= 0x7F) {
      put_text(w, "\\u00");
      put(w, digits[c >> 4]);
      put(w, digits[c & 15]);
    } else {
      if (c == '"' || c == '\\') put(w, '\\');
      put(w, (char)c);
    }
  }
  put(w, '"');
}

static void put_number(writer *w, size_t number) {
  char digits[24];
  size_t count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while (number /= 10);
  while (count > 0) put(w, digits[--count]);
}

static void put_list(writer *w, const char *const *names) {
  put(w, '[');
  for (size_t i = 0; names[i]; i++) {
    if (i > 0) put_text(w, ", ");
    put_string(w, names[i]);
  }
  put(w, ']');
}

static void put_bytes(writer *w, const char *key, size_t bytes) {
  put_text(w, key);
  if (bytes) {
    put_number(w, bytes);
  } else {
    put_text(w, "null");
  }
}

int fastrelu_info(char *buffer, size_t size) {
  writer w = {buffer, size, 0};
  char cpu[64];
  const struct fastrelu_caches caches = fastrelu_cpu_caches();
  const bool honoured = fastrelu_isa_honoured(); /* first: it makes the choice where no one has */
  const char *requested = fastrelu_isa_requested();
  fastrelu_cpu_name(cpu);

  put_text(&w, "{\n  \"version\": ");
  put_string(&w, VERSION);
  put_text(&w, ",\n  \"compiler\": ");
  put_string(&w, COMPILER);
  put_text(&w, ",\n  \"isa\": ");
  put_string(&w, fastrelu_isa());
  put_text(&w, ",\n  \"isa_reason\": ");
  put_string(&w, fastrelu_isa_reason());
  put_text(&w, ",\n  \"isas_usable\": ");
  put_list(&w, fastrelu_isa_list());
  put_text(&w, ",\n  \"isas_built\": ");
  put_list(&w, fastrelu_isas_built);
  put_text(&w, ",\n  \"environment\": {\"FASTRELU_ISA\": ");
  if (requested) {
    put_string(&w, requested);
  } else {
    put_text(&w, "null");
  }
  put_text(&w, ", \"honoured\": ");
  put_text(&w, honoured ? "true" : "false");
  put_text(&w, "},\n  \"cpu\": ");
  put_string(&w, cpu);
  put_bytes(&w, ",\n  \"caches\": {\"l1d\": ", caches.l1d);
  put_bytes(&w, ", \"l2\": ", caches.l2);
  put_bytes(&w, ", \"l3\": ", caches.l3);
  const size_t threshold = fastrelu_streaming_threshold();
  put_bytes(&w, "},\n  \"streaming_threshold\": ", threshold < SIZE_MAX ? threshold : 0);
  put_text(&w, ",\n  \"fetches_pages\": ");
  put_text(&w, fetches_pages() ? "true" : "false");
  put_text(&w, ",\n  \"runner_threads\": ");
  put_number(&w, fastrelu_runner_threads());
  put_text(&w, "\n}\n");

  if (size > 0) buffer[w.length < size ? w.length : size - 1] = '\0';
  return (int)w.length;
}
