# llvm-mca on the hot loops: mca/mca.py. For what is built as the gate wants it, in Release builds with no other flags,
# as the ledgers are. With another compiler, or another LLVM's llvm-mca, than those of the ledgers it is skipped.
find_program(FASTRELU_LLVM_MCA NAMES llvm-mca llvm-mca-14 llvm-mca-19 DOC "llvm-mca, of Debian's package llvm")
if(NOT TEST gate OR NOT "${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${build_type}}" STREQUAL " -O3 -DNDEBUG")
  return()
endif()
if(NOT FASTRELU_LLVM_MCA)
  if(FASTRELU_REQUIRE_GATE)
    message(FATAL_ERROR "llvm-mca (llvm) is needed for what it says of the hot loops")
  endif()
  message(STATUS "No llvm-mca: the cycles that it counts in the hot loops are not compared")
  return()
endif()

set(folder ${CMAKE_CURRENT_SOURCE_DIR}/mca)
set(run ${Python3_EXECUTABLE} -B ${folder}/mca.py)
set(arguments --llvm-mca ${FASTRELU_LLVM_MCA} --objdump ${FASTRELU_OBJDUMP} --ledger
              ${folder}/${family}-${major}-${FASTRELU_ARCH}.toml ${gate_kernels})
add_test(NAME mca COMMAND ${run} compare ${arguments} --accept
                          "cmake --build ${PROJECT_BINARY_DIR} --target record_mca" COMMAND_EXPAND_LISTS)
add_test(NAME mca_can_fail COMMAND ${Python3_EXECUTABLE} -B ${folder}/test_mca.py)
set_tests_properties(mca PROPERTIES SKIP_RETURN_CODE 77)
set_tests_properties(mca_can_fail PROPERTIES ENVIRONMENT "LLVM_MCA=${FASTRELU_LLVM_MCA}")
add_custom_target(
  record_mca
  COMMAND ${run} record ${arguments}
  USES_TERMINAL VERBATIM COMMAND_EXPAND_LISTS)
add_custom_target(
  predict_mca
  COMMAND ${run} predict --llvm-mca ${FASTRELU_LLVM_MCA} --objdump ${FASTRELU_OBJDUMP} --out
          ${PROJECT_BINARY_DIR}/predictions.json ${gate_kernels}
  USES_TERMINAL VERBATIM COMMAND_EXPAND_LISTS)
foreach(isa IN LISTS FASTRELU_ISAS)
  add_dependencies(record_mca fastrelu_kernels_${isa})
  add_dependencies(predict_mca fastrelu_kernels_${isa})
endforeach()
