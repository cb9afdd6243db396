# The thread pools that the header-only adapters in include/fastrelu/ are for; examples and tests of those that are
# missing are left out. Sets FASTRELU_ADAPTERS, the headers' names, and what to link for each, FASTRELU_LINK_<name>.
include(CheckCSourceCompiles)

set(FASTRELU_ADAPTERS "")
if(CMAKE_CROSSCOMPILING) # a cross compiler's own libgomp is not where a program looks for it
  return()
endif()

find_package(OpenMP QUIET COMPONENTS C)

# Debian's package has no CMake or pkg-config file.
find_path(FASTRELU_PTHREADPOOL_INCLUDE_DIR pthreadpool.h DOC "The folder that holds pthreadpool.h")
find_library(FASTRELU_PTHREADPOOL_LIBRARY pthreadpool DOC "The library pthreadpool")
if(FASTRELU_PTHREADPOOL_INCLUDE_DIR AND FASTRELU_PTHREADPOOL_LIBRARY)
  set(CMAKE_REQUIRED_INCLUDES ${FASTRELU_PTHREADPOOL_INCLUDE_DIR})
  set(CMAKE_REQUIRED_LIBRARIES ${FASTRELU_PTHREADPOOL_LIBRARY})
  check_c_source_compiles(
    "#include <pthreadpool.h>
    int main(void) { return (int)pthreadpool_get_threads_count(0) - 1; }" FASTRELU_PTHREADPOOL_LINKS)
  unset(CMAKE_REQUIRED_INCLUDES)
  unset(CMAKE_REQUIRED_LIBRARIES)
endif()
if(FASTRELU_PTHREADPOOL_LINKS AND NOT TARGET pthreadpool_of_system)
  add_library(pthreadpool_of_system INTERFACE)
  target_include_directories(pthreadpool_of_system SYSTEM INTERFACE ${FASTRELU_PTHREADPOOL_INCLUDE_DIR})
  target_link_libraries(pthreadpool_of_system INTERFACE ${FASTRELU_PTHREADPOOL_LIBRARY})
endif()

if(OpenMP_C_FOUND)
  list(APPEND FASTRELU_ADAPTERS openmp)
  set(FASTRELU_LINK_openmp OpenMP::OpenMP_C)
else()
  message(STATUS "OpenMP not found: its example and test are left out")
endif()
if(FASTRELU_PTHREADPOOL_LINKS)
  list(APPEND FASTRELU_ADAPTERS pthreadpool)
  set(FASTRELU_LINK_pthreadpool pthreadpool_of_system)
else()
  message(STATUS "pthreadpool not found: its example and test are left out")
endif()
