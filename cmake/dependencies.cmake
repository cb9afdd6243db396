# Finds what the build needs, from the distribution's packages; with FASTRELU_FETCH_DEPENDENCIES what is missing is
# downloaded, at a pinned version and hash. Each missing one is reported with the name of its package.

function(fastrelu_missing what package)
  message(
    FATAL_ERROR
      "${what} was not found. On Debian and Ubuntu: apt-get install ${package}\n"
      "Elsewhere, install it or configure with -DFASTRELU_FETCH_DEPENDENCIES=ON to download a pinned version.")
endfunction()

if(FASTRELU_FETCH_DEPENDENCIES)
  include(FetchContent)
endif()

# SIMDe: headers only, and without a config file in Debian's package.
find_path(FASTRELU_SIMDE_INCLUDE_DIR simde/simde-common.h DOC "The folder that holds simde/simde-common.h")
if(NOT FASTRELU_SIMDE_INCLUDE_DIR)
  if(NOT FASTRELU_FETCH_DEPENDENCIES)
    fastrelu_missing("SIMDe (simde/simde-common.h)" libsimde-dev)
  endif()
  FetchContent_Declare(
    simde
    URL https://github.com/simd-everywhere/simde/archive/refs/tags/v0.8.2.tar.gz
    URL_HASH SHA256=ed2a3268658f2f2a9b5367628a85ccd4cf9516460ed8604eed369653d49b25fb
    SOURCE_SUBDIR none)
  FetchContent_MakeAvailable(simde)
  set(FASTRELU_SIMDE_INCLUDE_DIR ${simde_SOURCE_DIR} CACHE PATH "The folder that holds simde/simde-common.h" FORCE)
endif()
if(NOT TARGET SIMDe::simde)
  add_library(SIMDe::simde INTERFACE IMPORTED GLOBAL)
  target_include_directories(SIMDe::simde SYSTEM INTERFACE ${FASTRELU_SIMDE_INCLUDE_DIR})
endif()

# cpu_features: on x86 alone; its archive goes into the library and is hidden there.
function(fastrelu_find_cpu_features)
  if(TARGET CpuFeatures::cpu_features) # a parent project has it
    return()
  endif()
  find_package(CpuFeatures QUIET)
  if(CpuFeatures_FOUND)
    set_target_properties(CpuFeatures::cpu_features PROPERTIES IMPORTED_GLOBAL TRUE)
    return()
  endif()
  if(NOT FASTRELU_FETCH_DEPENDENCIES)
    fastrelu_missing("cpu_features (CpuFeaturesConfig.cmake)" libcpu-features-dev)
  endif()
  FetchContent_Declare(
    cpu_features
    URL https://github.com/google/cpu_features/archive/refs/tags/v0.9.0.tar.gz
    URL_HASH SHA256=bdb3484de8297c49b59955c3b22dba834401bc2df984ef5cfc17acbe69c5018e)
  # Its options are ours to set here; the archive ends in a shared library, and is not installed.
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)
  set(BUILD_SHARED_LIBS OFF)
  set(BUILD_TESTING OFF)
  set(BUILD_EXECUTABLE OFF)
  set(BUILD_PIC ON)
  set(ENABLE_INSTALL OFF)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  FetchContent_MakeAvailable(cpu_features)
  if(NOT TARGET CpuFeatures::cpu_features)
    add_library(CpuFeatures::cpu_features ALIAS cpu_features)
  endif()
endfunction()

# CMocka, for the tests: sets FASTRELU_CMOCKA_LIBRARY and FASTRELU_CMOCKA_INCLUDE_DIR. Debian's package has no imported
# target, in neither release.
function(fastrelu_find_cmocka)
  find_library(FASTRELU_CMOCKA_LIBRARY cmocka)
  find_path(FASTRELU_CMOCKA_INCLUDE_DIR cmocka.h)
  if(FASTRELU_CMOCKA_LIBRARY AND FASTRELU_CMOCKA_INCLUDE_DIR)
    return()
  endif()
  if(NOT FASTRELU_FETCH_DEPENDENCIES)
    fastrelu_missing("CMocka (cmocka.h, libcmocka)" libcmocka-dev)
  endif()
  FetchContent_Declare(
    cmocka
    URL https://cmocka.org/files/1.1/cmocka-1.1.7.tar.xz
    URL_HASH SHA256=810570eb0b8d64804331f82b29ff47c790ce9cd6b163e98d47a4807047ecad82)
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)
  set(BUILD_SHARED_LIBS OFF)
  set(WITH_EXAMPLES OFF)
  set(UNIT_TESTING OFF)
  FetchContent_MakeAvailable(cmocka)
  set(FASTRELU_CMOCKA_LIBRARY cmocka PARENT_SCOPE)
  set(FASTRELU_CMOCKA_INCLUDE_DIR ${cmocka_SOURCE_DIR}/include PARENT_SCOPE)
endfunction()
