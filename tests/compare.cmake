# fastrelu-compare, and its page in a browser: skipped where what they need is not installed (group report of
# .ci/packages). It may be that of the distribution's Python, while another one is found first.
if(NOT Python3_FOUND OR CMAKE_CROSSCOMPILING)
  return()
endif()
set(compare_python ${Python3_EXECUTABLE})
foreach(python ${Python3_EXECUTABLE} /usr/bin/python3)
  execute_process(
    COMMAND ${python} -c "import scipy, matplotlib, jinja2"
    RESULT_VARIABLE result
    OUTPUT_QUIET ERROR_QUIET)
  if(result EQUAL 0)
    set(compare_python ${python})
    break()
  endif()
endforeach()
set(folder ${CMAKE_CURRENT_SOURCE_DIR}/compare)
add_test(NAME compare COMMAND ${compare_python} -B ${folder}/test_compare.py)
add_test(NAME compare_page COMMAND ${compare_python} -B ${folder}/test_page.py ${CMAKE_CURRENT_BINARY_DIR}/screenshots)
set_tests_properties(compare compare_page PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
