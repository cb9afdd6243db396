# Debian's cross compiler for s390x, which is big-endian, with programs run by qemu's user mode. Libraries come from
# Debian's s390x packages where they are installed (dpkg --add-architecture s390x).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR s390x)
set(CMAKE_C_COMPILER s390x-linux-gnu-gcc)
set(CMAKE_LIBRARY_ARCHITECTURE s390x-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-s390x -cpu max)
if(NOT EXISTS /lib/ld64.so.1) # without the s390x C library: the cross compiler's own
  list(APPEND CMAKE_CROSSCOMPILING_EMULATOR -L /usr/s390x-linux-gnu)
endif()
# A host's library is of no use.
set(CMAKE_IGNORE_PREFIX_PATH /usr/local)
