# edo_warnings(TARGET): the warnings that our own code is free of. PRIVATE: users keep theirs.
function(edo_warnings target)
    target_compile_options(${target} PRIVATE
        -Wall -Wextra -Wpedantic -Wconversion -Wshadow $<$<BOOL:${EDO_WERROR}>:-Werror>
        $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
        $<$<AND:$<CXX_COMPILER_ID:Clang>,$<BOOL:${EDO_WERROR}>>:-Werror=thread-safety>)
endfunction()
