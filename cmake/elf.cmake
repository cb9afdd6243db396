# What is specific to ELF: which symbols leave the library. Both libraries are limited by the one list in
# src/exports.txt. Elsewhere the compiler's visibility, or dllexport, has to do.

if(CMAKE_SYSTEM_NAME MATCHES "Linux|BSD|SunOS|Android")
  set(FASTRELU_ELF ON)
endif()

# SONAME, the version node FASTRELU_0, everything else local, cpu_features' symbols included. The library is never
# unloaded: a thread may be inside of it.
function(fastrelu_limit_shared_exports target)
  if(NOT FASTRELU_ELF)
    return()
  endif()
  set(lines "")
  foreach(symbol IN LISTS FASTRELU_EXPORTS)
    string(APPEND lines "    ${symbol};\n")
  endforeach()
  set(map ${PROJECT_BINARY_DIR}/fastrelu.map)
  file(CONFIGURE OUTPUT ${map} CONTENT "FASTRELU_0 {\n  global:\n${lines}  local:\n    *;\n};\n" @ONLY)
  target_link_options(
    ${target} PRIVATE "LINKER:--version-script=${map}" "LINKER:--exclude-libs,ALL" "LINKER:-z,nodelete"
    "LINKER:-z,relro,-z,now" "LINKER:-Bsymbolic"
    # gcc would link start-up code that flushes denormals in the whole process
    ${FASTRELU_EXACT_MATH})
  if(NOT FASTRELU_SANITIZED)
    target_link_options(${target} PRIVATE "LINKER:-z,defs") # a sanitizer's runtime is in the program
  endif()
  set_target_properties(${target} PROPERTIES LINK_DEPENDS ${map})
endfunction()

# One relocatable object in which all but the exports is local, so that a program that links it statically sees
# the same names as one that links the shared library.
function(fastrelu_add_static_library target)
  if(NOT FASTRELU_ELF)
    add_library(${target} STATIC ${ARGN})
    if(FASTRELU_ARCH STREQUAL "x86")
      target_link_libraries(${target} PRIVATE CpuFeatures::cpu_features)
    endif()
    return()
  endif()
  set(object ${PROJECT_BINARY_DIR}/fastrelu_static.o)
  set(archives "")
  set(emulation "")
  if(FASTRELU_ARCH STREQUAL "x86")
    set(archives $<TARGET_FILE:CpuFeatures::cpu_features>)
    if(CMAKE_SIZEOF_VOID_P EQUAL 4)
      set(emulation -m elf_i386)
    endif()
  endif()
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${CMAKE_LINKER} ${emulation} -r -o ${object} ${ARGN} ${archives}
    COMMAND ${CMAKE_OBJCOPY} --keep-global-symbols=${PROJECT_SOURCE_DIR}/src/exports.txt ${object}
    DEPENDS ${ARGN} ${archives} ${PROJECT_SOURCE_DIR}/src/exports.txt
    COMMAND_EXPAND_LISTS VERBATIM
    COMMENT "Linking fastrelu_static.o and hiding what it does not export")
  add_library(${target} STATIC ${object})
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE C)
  set_source_files_properties(${object} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
endfunction()
