# Runs PROGRAM, which draws plots of FIGURES, a folder or a file, with the first Python that has matplotlib: the one in
# front of the PATH may well be another than the distribution's, whose package python3-matplotlib it does not see.
foreach(python python3 /usr/bin/python3 /usr/local/bin/python3)
  execute_process(
    COMMAND ${python} -c "import matplotlib"
    RESULT_VARIABLE result
    OUTPUT_QUIET ERROR_QUIET)
  if(result EQUAL 0)
    execute_process(COMMAND ${python} ${PROGRAM} ${FIGURES} COMMAND_ERROR_IS_FATAL ANY)
    return()
  endif()
endforeach()
message(FATAL_ERROR "No Python with matplotlib was found, so there are no plots; the figures are in ${FIGURES}. "
                    "On Debian and Ubuntu: apt-get install python3-matplotlib")
