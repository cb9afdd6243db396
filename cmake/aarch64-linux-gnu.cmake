# Debian's cross compiler for aarch64, with programs run by qemu's user mode. Libraries come from Debian's arm64
# packages where they are installed (dpkg --add-architecture arm64).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -cpu max)
if(NOT EXISTS /lib/ld-linux-aarch64.so.1) # without the arm64 C library: the cross compiler's own
  list(APPEND CMAKE_CROSSCOMPILING_EMULATOR -L /usr/aarch64-linux-gnu)
endif()
# A host's library is of no use.
set(CMAKE_IGNORE_PREFIX_PATH /usr/local)
