# Instructions a call, counted by single-stepping: instructions/instructions.py. For what is built as the gate wants
# it, where the library can be told from the program; not under an emulator, which has no ptrace. Where it is not
# permitted, the tests are skipped, or fail with FASTRELU_REQUIRE_GATE.
if(NOT TEST gate
   OR NOT build_shared
   OR CMAKE_CROSSCOMPILING
   OR NOT CMAKE_SYSTEM_NAME STREQUAL "Linux")
  return()
endif()

set(folder ${CMAKE_CURRENT_SOURCE_DIR}/instructions)
fastrelu_test_program(count_instructions fastrelu::fastrelu instructions/count_instructions.c operations.c reference.c
                      buffers.c)
target_include_directories(count_instructions PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_options(count_instructions PRIVATE LINKER:-z,now) # the first call is as any other
add_library(scalar_tail MODULE instructions/scalar_tail.c)
target_include_directories(scalar_tail PRIVATE ${PROJECT_SOURCE_DIR}/include)

set(run ${Python3_EXECUTABLE} -B ${folder}/instructions.py)
set(arguments --program $<TARGET_FILE:count_instructions>)
if(FASTRELU_REQUIRE_GATE) # no generator expression: CMake 3.31 passes an empty one on
  list(APPEND arguments --require)
endif()
add_test(NAME instructions_sawtooth COMMAND ${run} sawtooth ${arguments} COMMAND_EXPAND_LISTS)
add_test(NAME instructions_can_fail COMMAND ${Python3_EXECUTABLE} -B ${folder}/test_instructions.py)
set_tests_properties(
  instructions_can_fail
  PROPERTIES ENVIRONMENT "COUNT_INSTRUCTIONS=$<TARGET_FILE:count_instructions>;SCALAR_TAIL=$<TARGET_FILE:scalar_tail>")
set(tests instructions_sawtooth instructions_can_fail)

# The ledgers are of Release builds with no other flags.
if("${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${build_type}}" STREQUAL " -O3 -DNDEBUG")
  list(APPEND arguments --ledger ${folder}/${family}-${major}-${FASTRELU_ARCH}.toml)
  add_test(NAME instructions COMMAND ${run} compare ${arguments} --accept
                                     "cmake --build ${PROJECT_BINARY_DIR} --target record_instructions"
           COMMAND_EXPAND_LISTS)
  add_custom_target(
    record_instructions
    COMMAND ${run} record ${arguments}
    USES_TERMINAL VERBATIM COMMAND_EXPAND_LISTS)
  add_dependencies(record_instructions count_instructions)
  list(APPEND tests instructions)
endif()
set_tests_properties(${tests} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600)
