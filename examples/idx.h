/* Reads the IDX format of the MNIST family: two zero bytes, the element's type, the number of dimensions,
 * each dimension as a big-endian 32-bit number, and the elements, of which only unsigned bytes are supported.
 * http://yann.lecun.com/exdb/mnist/ */
#ifndef IDX_H
#define IDX_H

#include <stddef.h>
#include <stdint.h>

struct idx {
  size_t items;      /* the first dimension */
  size_t item_bytes; /* the product of the others */
  int dimensions;
  uint8_t *bytes;
};

/* Returns 0, or -1 after one line on standard error that names the file and says what is wrong with it. `idx`
 * can be given to idx_free in either case. */
int idx_read(struct idx *idx, const char *path);
void idx_free(struct idx *idx);

#endif
