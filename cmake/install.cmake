# Headers, libraries, the programs with their man pages, and what pkg-config and CMake need to find them. Everything
# installed is relocatable.
include(CMakePackageConfigHelpers)

install(
  TARGETS ${library_targets}
  EXPORT fastrelu
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
set(programs fastrelu-info)
if(FASTRELU_BUILD_BENCH)
  list(APPEND programs fastrelu-bench)
endif()
# They find the library beside them, wherever the tree was moved to.
file(RELATIVE_PATH bin_to_lib ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
foreach(program IN LISTS programs)
  install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(FILES docs/${program}.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  if(build_shared AND FASTRELU_ELF AND NOT DEFINED CMAKE_INSTALL_RPATH)
    set_target_properties(${program} PROPERTIES INSTALL_RPATH "$ORIGIN/${bin_to_lib}")
  endif()
endforeach()
install(FILES include/fastrelu.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/fastrelu DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# fastrelu-compare finds its modules from where it stands. They come without what Python made of them.
file(RELATIVE_PATH bin_to_python ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_DATADIR}/fastrelu/python)
configure_file(python/fastrelu-compare fastrelu-compare @ONLY)
install(PROGRAMS ${PROJECT_BINARY_DIR}/fastrelu-compare DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY python/fastrelu_compare DESTINATION ${CMAKE_INSTALL_DATADIR}/fastrelu/python PATTERN __pycache__ EXCLUDE)
install(FILES docs/fastrelu-compare.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)

install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The one name that users link is fastrelu::fastrelu, whichever of the two libraries was built.
set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/fastrelu)
if(NOT build_shared)
  set_target_properties(fastrelu_static PROPERTIES EXPORT_NAME fastrelu)
endif()
install(EXPORT fastrelu NAMESPACE fastrelu:: FILE fastreluTargets.cmake DESTINATION ${config_dir})
configure_package_config_file(cmake/fastreluConfig.cmake.in fastreluConfig.cmake INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(fastreluConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/fastreluConfig.cmake ${PROJECT_BINARY_DIR}/fastreluConfigVersion.cmake
        DESTINATION ${config_dir})

# pcfiledir makes the file relocatable, too; absolute install folders stay as they are.
set(pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH pc_to_prefix "${CMAKE_INSTALL_PREFIX}/${pc_dir}" ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" pc_to_prefix "${pc_to_prefix}")
set(pc_prefix "\${pcfiledir}/${pc_to_prefix}")
foreach(kind INCLUDEDIR LIBDIR)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${kind}}")
    set(pc_${kind} "${CMAKE_INSTALL_${kind}}")
  else()
    set(pc_${kind} "\${prefix}/${CMAKE_INSTALL_${kind}}")
  endif()
endforeach()
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(pc_prefix "${CMAKE_INSTALL_PREFIX}")
endif()
configure_file(cmake/fastrelu.pc.in fastrelu.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/fastrelu.pc DESTINATION ${pc_dir})
