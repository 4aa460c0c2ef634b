# EDO_SANITIZE=address,undefined or thread: for everything that this tree builds.
if(NOT EDO_SANITIZE)
    return()
endif()
string(REPLACE ";" "," edo_sanitizers "${EDO_SANITIZE}")
add_compile_options(-fsanitize=${edo_sanitizers} -fno-omit-frame-pointer)
add_link_options(-fsanitize=${edo_sanitizers})
if(edo_sanitizers MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
endif()

# How the sanitizers run, for every way to call ctest. Suppressions need names, so Clang's runtime
# is told where its symbolizer is (Debian gives it a suffix that it does not look for).
find_program(EDO_SYMBOLIZER NAMES llvm-symbolizer-19 llvm-symbolizer)
set(edo_supp ${PROJECT_SOURCE_DIR}/tests/sanitize/tsan.supp)
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/CTestCustom.cmake @ONLY CONTENT [[
if("@EDO_SYMBOLIZER@")
    set(ENV{ASAN_SYMBOLIZER_PATH} "@EDO_SYMBOLIZER@")
    set(ENV{TSAN_SYMBOLIZER_PATH} "@EDO_SYMBOLIZER@")
endif()
set(ENV{ASAN_OPTIONS} "detect_leaks=1:check_initialization_order=1:$ENV{ASAN_OPTIONS}")
set(ENV{UBSAN_OPTIONS} "print_stacktrace=1:$ENV{UBSAN_OPTIONS}")
set(ENV{TSAN_OPTIONS} "second_deadlock_stack=1:suppressions=@edo_supp@:$ENV{TSAN_OPTIONS}")
]])
