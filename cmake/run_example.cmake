# cmake -D PROGRAM=... -D EXPECTED=... -P run_example.cmake: runs an example; its exit code must be
# 0 and its standard output the text of EXPECTED, if there is such a file.
execute_process(COMMAND ${PROGRAM} OUTPUT_VARIABLE output RESULT_VARIABLE code)
message("${output}")
if(NOT code STREQUAL "0")
    message(FATAL_ERROR "${PROGRAM}: exit code ${code}")
endif()
if(EXISTS ${EXPECTED})
    file(READ ${EXPECTED} expected)
    if(NOT output STREQUAL expected)
        message(FATAL_ERROR "standard output is not what ${EXPECTED} says:\n${expected}")
    endif()
endif()
