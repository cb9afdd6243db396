# Sets FASTRELU_LOOP_FLAGS: what "the compiler's own loop", which the library is held against, is compiled with. A
# cross-compiler does not know the CPU that the program will run on.
include(CheckCCompilerFlag)
set(FASTRELU_LOOP_FLAGS -O3)
if(NOT CMAKE_CROSSCOMPILING)
  check_c_compiler_flag(-march=native FASTRELU_HAVE_MARCH_NATIVE)
  if(FASTRELU_HAVE_MARCH_NATIVE)
    list(APPEND FASTRELU_LOOP_FLAGS -march=native)
  endif()
endif()
