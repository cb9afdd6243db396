# What users see of the library: its header, its symbols, and the installed tree.

# ---- each header, alone, in every dialect it promises --------------------------------------------------------------

function(fastrelu_header_tests header first_c name)
  string(MAKE_C_IDENTIFIER ${header} file)
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${file}.c "#include <${header}>\nint header_is_clean(void);\n\
int header_is_clean(void) { return fastrelu_relu_f32(0, 0, 0) == FASTRELU_OK; }\n")
  configure_file(${CMAKE_CURRENT_BINARY_DIR}/${file}.c ${CMAKE_CURRENT_BINARY_DIR}/${file}.cc COPYONLY)
  set(strict -fsyntax-only -pedantic-errors -Wall -Wextra -Werror -I ${PROJECT_SOURCE_DIR}/include ${ARGN})
  set(c_standards c89 c99 c11 c17 c2x)
  list(FIND c_standards ${first_c} first)
  list(SUBLIST c_standards ${first} -1 c_standards)
  foreach(standard IN LISTS c_standards)
    add_test(NAME ${name}_in_${standard} COMMAND ${CMAKE_C_COMPILER} -std=${standard} ${strict}
                                                 ${CMAKE_CURRENT_BINARY_DIR}/${file}.c)
  endforeach()
  if(FASTRELU_CXX)
    foreach(standard c++11 c++14 c++17 c++20 c++2b)
      add_test(NAME ${name}_in_${standard} COMMAND ${FASTRELU_CXX} -std=${standard} ${strict}
                                                   ${CMAKE_CURRENT_BINARY_DIR}/${file}.cc)
    endforeach()
  endif()
endfunction()
find_program(FASTRELU_CXX NAMES ${CMAKE_CXX_COMPILER} c++ g++ clang++)
fastrelu_header_tests(fastrelu.h c89 header)
if(OpenMP_C_FOUND)
  fastrelu_header_tests(fastrelu/openmp.h c99 openmp_header ${OpenMP_C_FLAGS})
endif()
if(FASTRELU_PTHREADPOOL_LINKS)
  fastrelu_header_tests(fastrelu/pthreadpool.h c99 pthreadpool_header -isystem ${FASTRELU_PTHREADPOOL_INCLUDE_DIR})
endif()

# ---- exported symbols ----------------------------------------------------------------------------------------------

if(FASTRELU_ELF)
  foreach(target IN LISTS library_targets)
    add_test(NAME exports_of_${target} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/exports.sh ${CMAKE_READELF} ${CMAKE_NM}
                                               $<TARGET_FILE:${target}> ${PROJECT_SOURCE_DIR}/src/exports.txt)
  endforeach()
endif()

# ---- the installed library in users' projects ----------------------------------------------------------------------

if(FASTRELU_INSTALL AND build_shared AND build_static AND NOT CMAKE_CROSSCOMPILING)
  find_program(FASTRELU_PKG_CONFIG NAMES pkg-config pkgconf)
  add_test(NAME consumers COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/consumer/run.sh)
  set_tests_properties(
    consumers
    PROPERTIES
      ENVIRONMENT
      "SOURCE=${PROJECT_SOURCE_DIR};BUILD=${PROJECT_BINARY_DIR};CC=${CMAKE_C_COMPILER};CXX=${FASTRELU_CXX};CMAKE=${CMAKE_COMMAND};PKG_CONFIG=${FASTRELU_PKG_CONFIG};CFLAGS=${CMAKE_C_FLAGS};LIBDIR=${CMAKE_INSTALL_LIBDIR};GENERATOR=${CMAKE_GENERATOR};BENCH=$<$<BOOL:${FASTRELU_BUILD_BENCH}>:yes>"
      TIMEOUT 600)
endif()
