/* A user's program: the version it was compiled with, the kernels in use, and one call that it checks. */
#include <stdio.h>

#include <fastrelu.h>

int main(void) {
  const float x[4] = {-1.5f, 0.0f, 2.5f, -0.0f};
  float y[4];
  if (fastrelu_version_number() / 100 != FASTRELU_VERSION_MAJOR * 100 + FASTRELU_VERSION_MINOR) return 2;
  if (fastrelu_relu_f32(x, y, 4) != FASTRELU_OK) return 3;
  if (y[0] != 0 || y[1] != 0 || y[2] != 2.5f || y[3] != 0) return 4;
  printf("fastrelu %s, %s\n", fastrelu_version(), fastrelu_isa());
  return 0;
}
