# What users see of the library: its header, its symbols, and the installed tree.

# ---- the header, alone, in every dialect it promises ---------------------------------------------------------------

file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/header.c "#include <fastrelu.h>\nint header_is_clean(void);\n\
int header_is_clean(void) { return fastrelu_relu_f32(0, 0, 0) == FASTRELU_OK; }\n")
configure_file(${CMAKE_CURRENT_BINARY_DIR}/header.c ${CMAKE_CURRENT_BINARY_DIR}/header.cc COPYONLY)
set(strict -fsyntax-only -pedantic-errors -Wall -Wextra -Werror -I ${PROJECT_SOURCE_DIR}/include)
foreach(standard c89 c99 c11 c17 c2x)
  add_test(NAME header_in_${standard} COMMAND ${CMAKE_C_COMPILER} -std=${standard} ${strict}
                                              ${CMAKE_CURRENT_BINARY_DIR}/header.c)
endforeach()
find_program(FASTRELU_CXX NAMES ${CMAKE_CXX_COMPILER} c++ g++ clang++)
if(FASTRELU_CXX)
  foreach(standard c++11 c++14 c++17 c++20 c++2b)
    add_test(NAME header_in_${standard} COMMAND ${FASTRELU_CXX} -std=${standard} ${strict}
                                                ${CMAKE_CURRENT_BINARY_DIR}/header.cc)
  endforeach()
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
      "SOURCE=${PROJECT_SOURCE_DIR};BUILD=${PROJECT_BINARY_DIR};CC=${CMAKE_C_COMPILER};CXX=${FASTRELU_CXX};CMAKE=${CMAKE_COMMAND};PKG_CONFIG=${FASTRELU_PKG_CONFIG};CFLAGS=${CMAKE_C_FLAGS};LIBDIR=${CMAKE_INSTALL_LIBDIR};GENERATOR=${CMAKE_GENERATOR}"
      TIMEOUT 600)
endif()
