# Rules about the machine code, which hold for optimised code on ELF: gate/gate.py. FASTRELU_REQUIRE_GATE, which CI sets,
# makes it an error where they cannot be checked.
option(FASTRELU_REQUIRE_GATE "Fail where the disassembly gate cannot run" OFF)

find_package(Python3 3.11 COMPONENTS Interpreter)
# binutils' own: llvm-objdump, which CMake picks for clang, prints another format.
find_program(FASTRELU_OBJDUMP NAMES ${CMAKE_LIBRARY_ARCHITECTURE}-objdump objdump DOC "binutils' objdump of the target")
if(NOT FASTRELU_ELF
   OR FASTRELU_ARCH STREQUAL "other"
   OR NOT CMAKE_SIZEOF_VOID_P EQUAL 8
   OR NOT CMAKE_BUILD_TYPE MATCHES "^(Release|RelWithDebInfo)$"
   OR FASTRELU_SANITIZED
   OR CMAKE_C_FLAGS MATCHES "--coverage")
  return()
endif()
if(NOT Python3_FOUND OR NOT FASTRELU_OBJDUMP)
  if(FASTRELU_REQUIRE_GATE)
    message(FATAL_ERROR "The disassembly gate needs Python 3.11 (python3) and objdump (binutils)")
  endif()
  message(STATUS "No Python 3.11 or no objdump: the disassembly gate is left out")
  return()
endif()

string(REGEX MATCH "^[0-9]+" major ${CMAKE_C_COMPILER_VERSION})
string(REPLACE "GNU" "gcc" family ${CMAKE_C_COMPILER_ID})
string(TOLOWER ${family} family)
set(gate_kernels "")
set(gate_libraries "")
foreach(isa IN LISTS FASTRELU_ISAS)
  list(APPEND gate_kernels --kernels ${isa}=$<TARGET_OBJECTS:fastrelu_kernels_${isa}>)
endforeach()
foreach(target IN LISTS library_targets)
  list(APPEND gate_libraries $<TARGET_FILE:${target}>)
endforeach()
add_test(
  NAME gate
  COMMAND
    ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/gate/gate.py --objdump ${FASTRELU_OBJDUMP} --compiler
    ${family}-${major} ${gate_kernels} --baseline $<TARGET_OBJECTS:fastrelu_core> $<TARGET_OBJECTS:fastrelu_dispatch>
    --library ${gate_libraries}
  COMMAND_EXPAND_LISTS)
add_test(NAME gate_can_fail COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/gate/test_gate.py)
