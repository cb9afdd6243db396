/* The shortest program that uses the library. */
#include <fastrelu.h>
#include <stdio.h>

int main(void) {
  float x[] = {-2.0f, -0.5f, 0.0f, 0.5f, 2.0f}, y[5];
  fastrelu_status status = fastrelu_relu_f32(x, y, 5);
  if (status != FASTRELU_OK) return fprintf(stderr, "%s\n", fastrelu_status_string(status)), 1;
  for (int i = 0; i < 5; i++) printf("relu(%g) = %g\n", x[i], y[i]);
  return 0;
}
