#include "idx.h"

#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNSIGNED_BYTE = 0x08 };

static const char *type_name(int type) {
  switch (type) {
    case 0x09:
      return "signed bytes";
    case 0x0B:
      return "16-bit integers";
    case 0x0C:
      return "32-bit integers";
    case 0x0D:
      return "32-bit floats";
    case 0x0E:
      return "64-bit floats";
    default:
      return NULL;
  }
}

/* Says why a file that does not start as an IDX file should is none. */
static void refuse_magic(const char *path, const uint8_t magic[4], size_t length) {
  static const struct {
    const char *start, *advice;
  } compressed[] = {
      {"\x1F\x8B", "gunzip"},
      {"PK\x03\x04", "unzip"},
      {"BZh", "bunzip2"},
      {"\xFD\x37zX", "unxz"},
  };
  for (size_t i = 0; i < sizeof compressed / sizeof *compressed; i++) {
    const size_t bytes = strlen(compressed[i].start);
    if (length >= bytes && memcmp(magic, compressed[i].start, bytes) == 0) {
      warnx("%s: compressed: %s it first", path, compressed[i].advice);
      return;
    }
  }
  if (length == 0) {
    warnx("%s: empty file", path);
  } else if (length < 4) {
    warnx("%s: not an IDX file: only %zu bytes long", path, length);
  } else if (magic[0] != 0 || magic[1] != 0) {
    warnx("%s: not an IDX file: starts with %02x %02x %02x %02x, not with 00 00 08", path, magic[0], magic[1],
          magic[2], magic[3]);
  } else if (type_name(magic[2])) {
    warnx("%s: holds %s, but only unsigned bytes (type 08) are supported", path, type_name(magic[2]));
  } else {
    warnx("%s: not an IDX file: unknown element type %02x", path, magic[2]);
  }
}

/* Reads as much as there is, up to `wanted` bytes: memory grows with what the file really holds, since a
 * header can promise anything. Returns -1 after a message if that fails. */
static int read_bytes(FILE *file, const char *path, size_t wanted, uint8_t **bytes, size_t *length) {
  size_t capacity = 0;
  while (*length < wanted) {
    if (*length == capacity) {
      capacity = capacity ? (capacity > wanted / 2 ? wanted : 2 * capacity) : 1 << 16;
      if (capacity > wanted) capacity = wanted;
      uint8_t *larger = realloc(*bytes, capacity);
      if (!larger) {
        warnx("%s: out of memory after %zu of %zu bytes", path, *length, wanted);
        return -1;
      }
      *bytes = larger;
    }
    const size_t got = fread(*bytes + *length, 1, capacity - *length, file);
    *length += got;
    if (got == 0) break;
  }
  if (ferror(file)) {
    warn("%s", path);
    return -1;
  }
  return 0;
}

static int read_open_file(struct idx *idx, FILE *file, const char *path) {
  uint8_t magic[4];
  const size_t length = fread(magic, 1, sizeof magic, file);
  if (ferror(file)) {
    warn("%s", path);
    return -1;
  }
  if (length < 4 || magic[0] != 0 || magic[1] != 0 || magic[2] != UNSIGNED_BYTE) {
    refuse_magic(path, magic, length);
    return -1;
  }
  idx->dimensions = magic[3];
  if (idx->dimensions == 0) {
    warnx("%s: has no dimensions", path);
    return -1;
  }
  idx->item_bytes = 1;
  for (int d = 0; d < idx->dimensions; d++) {
    uint8_t big_endian[4];
    if (fread(big_endian, 1, 4, file) != 4) {
      warnx("%s: truncated: the file ends within its header of %d dimensions", path, idx->dimensions);
      return -1;
    }
    const size_t size = (size_t)big_endian[0] << 24 | (size_t)big_endian[1] << 16 |
                        (size_t)big_endian[2] << 8 | big_endian[3];
    if (size == 0) {
      warnx("%s: holds nothing: dimension %d is 0", path, d + 1);
      return -1;
    }
    if (d == 0) {
      idx->items = size;
    } else if (size > PTRDIFF_MAX / idx->item_bytes) {
      warnx("%s: its dimensions are too large: their product overflows", path);
      return -1;
    } else {
      idx->item_bytes *= size;
    }
  }
  if (idx->items > PTRDIFF_MAX / idx->item_bytes) {
    warnx("%s: its dimensions are too large: their product overflows", path);
    return -1;
  }

  const size_t wanted = idx->items * idx->item_bytes;
  size_t found = 0;
  if (read_bytes(file, path, wanted, &idx->bytes, &found) != 0) return -1;
  if (found < wanted) {
    warnx("%s: truncated: the header announces %zu bytes of data, the file holds %zu", path, wanted, found);
    return -1;
  }
  if (fgetc(file) != EOF) {
    warnx("%s: goes on after the %zu bytes of data that its header announces", path, wanted);
    return -1;
  }
  return 0;
}

int idx_read(struct idx *idx, const char *path) {
  *idx = (struct idx){0};
  FILE *file = fopen(path, "rb");
  if (!file) {
    warn("%s", path);
    return -1;
  }
  const int result = read_open_file(idx, file, path);
  fclose(file);
  return result;
}

void idx_free(struct idx *idx) {
  free(idx->bytes);
  idx->bytes = NULL;
}
