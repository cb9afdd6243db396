/* positions[m]: where the bits of m are set, ascending, for vocabularies that compress by a permutation. */
#ifndef FASTRELU_KERNELS_POSITIONS_H
#define FASTRELU_KERNELS_POSITIONS_H

#include <stdint.h>

/* From the highest bit down: without it, then with it in front of those found. */
#define FROM_0(...) {__VA_ARGS__}, {0, __VA_ARGS__},
#define FROM_1(...) FROM_0(__VA_ARGS__) FROM_0(1, __VA_ARGS__)
#define FROM_2(...) FROM_1(__VA_ARGS__) FROM_1(2, __VA_ARGS__)
#define FROM_3(...) FROM_2(__VA_ARGS__) FROM_2(3, __VA_ARGS__)
#define FROM_4(...) FROM_3(__VA_ARGS__) FROM_3(4, __VA_ARGS__)
#define FROM_5(...) FROM_4(__VA_ARGS__) FROM_4(5, __VA_ARGS__)
#define FROM_6(...) FROM_5(__VA_ARGS__) FROM_5(6, __VA_ARGS__)
static const uint8_t positions[256][8] = {FROM_6() FROM_6(7)};
#undef FROM_0
#undef FROM_1
#undef FROM_2
#undef FROM_3
#undef FROM_4
#undef FROM_5
#undef FROM_6

#endif
