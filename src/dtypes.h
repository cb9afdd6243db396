/* The dtypes as rows, from which the public functions of an operation are made. */
#ifndef FASTRELU_SRC_DTYPES_H
#define FASTRELU_SRC_DTYPES_H

#include "fastrelu.h"
#include "table.h"

/* Every dtype with its C type, the type of a parameter, the width its selections are compiled for, the element of
 * its arithmetic, and its floor. */
#define FLOATS(DEFINE)                                  \
  DEFINE(f32, float, float, W32, F32, FLOOR_F32)        \
  DEFINE(f64, double, double, W64, F64, FLOOR_F64)      \
  DEFINE(f16, fastrelu_f16, float, W16, F16, FLOOR_F16) \
  DEFINE(bf16, fastrelu_bf16, float, W16, BF16, FLOOR_BF16)
#define SIGNED_INTEGERS(DEFINE)                          \
  DEFINE(s8, int8_t, int8_t, W8, W8, FLOOR_INTEGER)      \
  DEFINE(s16, int16_t, int16_t, W16, W16, FLOOR_INTEGER) \
  DEFINE(s32, int32_t, int32_t, W32, W32, FLOOR_INTEGER)
#define UNSIGNED_INTEGERS(DEFINE) DEFINE(u8, uint8_t, uint8_t, , U8, )
/* Those with the type that a sum over their elements is rounded to. */
#define SUMMED(DEFINE)                  \
  DEFINE(f32, float, float, F32)        \
  DEFINE(f64, double, double, F64)      \
  DEFINE(f16, fastrelu_f16, float, F16) \
  DEFINE(bf16, fastrelu_bf16, float, BF16)

#endif
