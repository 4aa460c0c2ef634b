# Which compilers can build Edo, said before the first thousand lines of errors; and what makes our
# own builds quick (never a consumer's).
include(CheckCXXSourceCompiles)
include(CheckLinkerFlag)

set(edo_needs "Edo needs GCC 12 or Clang 17, or newer, with C++23, on 64-bit Linux")
if((CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
        OR (CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 17))
    message(FATAL_ERROR "${edo_needs}; this is ${CMAKE_CXX_COMPILER_ID} "
        "${CMAKE_CXX_COMPILER_VERSION} (${CMAKE_CXX_COMPILER}). Choose another one with "
        "-DCMAKE_CXX_COMPILER=g++-12 or clang++-19.")
endif()

block()
    set(CMAKE_REQUIRED_FLAGS "-std=c++23")
    set(CMAKE_REQUIRED_QUIET ON)
    check_cxx_source_compiles("
        #include <coroutine>
        #include <expected>
        #include <source_location>
        #if !defined(__linux__) || !defined(__LP64__)
        #error not 64-bit Linux
        #endif
        int main() { return std::expected<int, int>(0).value(); }" EDO_COMPILER_WORKS)
endblock()
if(NOT EDO_COMPILER_WORKS)
    message(FATAL_ERROR "${edo_needs}; ${CMAKE_CXX_COMPILER} with its standard library cannot "
        "compile <coroutine> and <expected>. The log of the attempt is in CMakeFiles.")
endif()

if(NOT PROJECT_IS_TOP_LEVEL)
    return()
endif()
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
find_program(EDO_CCACHE ccache)
if(EDO_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # With precompiled headers ccache has to be told that time stamps do not matter.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
        CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        ${EDO_CCACHE})
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    check_linker_flag(CXX -fuse-ld=lld EDO_HAS_LLD)
    add_link_options($<$<BOOL:${EDO_HAS_LLD}>:-fuse-ld=lld>)
endif()
