# The instruction sets, best first for each architecture; every bundle contains the ones after it. An ISA is one file
# kernels/<isa>.c, one fastrelu_isa() line here and one fastrelu_cpu_has_<isa>() in src/cpu.c.
#
# Sets FASTRELU_ARCH, FASTRELU_ISAS (built for this host), FASTRELU_ISA_FLAGS_<isa>, FASTRELU_EMULATED_ISAS (which the
# tests run through SIMDe, whether or not the host has them), FASTRELU_DISPATCH_DEFINITIONS and FASTRELU_SANITIZED.

# The architecture is the compiler's word: CMAKE_SYSTEM_PROCESSOR is the kernel's, and wrong for -m32.
include(CheckCSourceCompiles)
check_c_source_compiles("#if !defined(__x86_64__) && !defined(__i386__)\n#error no\n#endif\nint main(void){return 0;}"
                        FASTRELU_TARGETS_X86)
check_c_source_compiles("#if !defined(__aarch64__) || defined(__AARCH64EB__)\n#error no\n#endif\nint main(void){return 0;}"
                        FASTRELU_TARGETS_AARCH64)
if(FASTRELU_TARGETS_X86)
  set(FASTRELU_ARCH x86)
elseif(FASTRELU_TARGETS_AARCH64)
  set(FASTRELU_ARCH aarch64)
else()
  set(FASTRELU_ARCH other)
endif()

set(FASTRELU_ISAS "")
function(fastrelu_isa isa arch)
  string(TOUPPER ${isa} upper)
  if(arch STREQUAL FASTRELU_ARCH OR arch STREQUAL "any")
    if(isa STREQUAL "scalar")
      set(FASTRELU_ISA_SCALAR ON) # what is left when nothing else is
    else()
      option(FASTRELU_ISA_${upper} "Build the ${isa} kernels" ON)
    endif()
    if(FASTRELU_ISA_${upper})
      set(FASTRELU_ISAS ${FASTRELU_ISAS} ${isa} PARENT_SCOPE)
    endif()
    set(FASTRELU_ISA_FLAGS_${isa} ${ARGN} PARENT_SCOPE)
  endif()
endfunction()

set(avx2_flags -mavx2 -mf16c -mpopcnt)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  list(APPEND avx2_flags -mno-vzeroupper) # the kernels do it themselves; gcc would do it twice, or below -O2 not at all
endif()
fastrelu_isa(avx512 x86 ${avx2_flags} -mavx512f -mavx512bw -mavx512dq -mavx512vl)
fastrelu_isa(avx2 x86 ${avx2_flags})
fastrelu_isa(sse2 x86 -msse2)
fastrelu_isa(neon aarch64)
if(CMAKE_C_COMPILER_ID MATCHES "Clang")
  fastrelu_isa(scalar any -fno-vectorize -fno-slp-vectorize)
else()
  fastrelu_isa(scalar any -fno-tree-vectorize -fno-tree-slp-vectorize)
endif()

set(FASTRELU_EMULATED_ISAS avx512 avx2 sse2 neon)
# Emulating the baseline by itself would be the same code; a sanitizer makes a file take minutes.
if(FASTRELU_ARCH STREQUAL "x86")
  list(REMOVE_ITEM FASTRELU_EMULATED_ISAS sse2)
elseif(FASTRELU_ARCH STREQUAL "aarch64")
  list(REMOVE_ITEM FASTRELU_EMULATED_ISAS neon)
endif()
if(CMAKE_C_BYTE_ORDER STREQUAL "BIG_ENDIAN")
  set(FASTRELU_EMULATED_ISAS "") # their vectors are little-endian
endif()
string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
if("${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${build_type}} ${CMAKE_SHARED_LINKER_FLAGS}" MATCHES "-fsanitize")
  set(FASTRELU_SANITIZED ON)
else()
  set(FASTRELU_SANITIZED OFF)
endif()
option(FASTRELU_TEST_EMULATED "Test the instruction sets that this host lacks through SIMDe's emulation" ON)
if(FASTRELU_SANITIZED OR NOT FASTRELU_TEST_EMULATED)
  set(FASTRELU_EMULATED_ISAS "")
endif()

# The table that works on every CPU of the architecture, in use until a constructor has run.
set(baseline scalar)
foreach(isa sse2 neon)
  if(isa IN_LIST FASTRELU_ISAS)
    set(baseline ${isa})
  endif()
endforeach()
list(TRANSFORM FASTRELU_ISAS REPLACE "(.+)" "ISA(\\1)" OUTPUT_VARIABLE isa_list)
list(JOIN isa_list "" isa_list)
set(FASTRELU_DISPATCH_DEFINITIONS "FASTRELU_ISA_LIST=${isa_list}" FASTRELU_BASELINE=fastrelu_kernels_${baseline})
