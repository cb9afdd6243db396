# The same library and programs on CPUs that this machine is not, in qemu's user mode: none may meet an instruction
# that its CPU lacks, and each must pick the ISA that it should.
if(NOT FASTRELU_ARCH STREQUAL "x86" OR CMAKE_CROSSCOMPILING OR NOT CMAKE_SIZEOF_VOID_P EQUAL 8)
  return()
endif()
find_program(FASTRELU_QEMU_X86_64 qemu-x86_64)
if(NOT FASTRELU_QEMU_X86_64)
  message(STATUS "qemu-x86_64 not found (package qemu-user): the tests on emulated CPUs are left out")
  return()
endif()

set(expected_Conroe sse2)
set(expected_Nehalem sse2)
set(expected_Haswell avx2)
set(expected_max avx2) # qemu has no AVX-512
set(expected_max,-avx sse2)
set(expected_max,-avx2 sse2)
set(expected_max,-f16c sse2)
set(expected_max,-popcnt sse2)
set(expected_max,-xsave sse2)
foreach(cpu Conroe Nehalem Haswell max max,-avx max,-avx2 max,-f16c max,-popcnt max,-xsave)
  set(expected ${expected_${cpu}})
  while(NOT expected IN_LIST FASTRELU_ISAS) # an ISA may be left out of the build
    if(expected STREQUAL "avx2" AND "sse2" IN_LIST FASTRELU_ISAS)
      set(expected sse2)
    else()
      set(expected scalar)
    endif()
  endwhile()
  set(programs_on_cpu test_dispatch test_hashes)
  if(cpu MATCHES "^(Conroe|Haswell)$") # one for each ISA: the others only have to pick the right one
    list(APPEND programs_on_cpu test_operations test_channels test_sparse)
  endif()
  foreach(program IN LISTS programs_on_cpu)
    add_test(NAME ${program}_on_${cpu} COMMAND ${FASTRELU_QEMU_X86_64} -cpu ${cpu} $<TARGET_FILE:${program}>)
    set_tests_properties(
      ${program}_on_${cpu}
      PROPERTIES ENVIRONMENT
                 "FASTRELU_TEST_QUICK=1;FASTRELU_TEST_EXPECT_ISA=${expected};FASTRELU_TEST_LAUNCHER=${FASTRELU_QEMU_X86_64} -cpu ${cpu}"
                 LABELS emulated_cpu
                 TIMEOUT 1200)
  endforeach()
endforeach()
