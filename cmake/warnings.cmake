# edo_warnings(TARGET): the warnings that our own code is free of. PRIVATE: users keep theirs.
function(edo_warnings target)
    target_compile_options(${target} PRIVATE
        -Wall -Wextra -Wpedantic -Wconversion -Wshadow $<$<BOOL:${EDO_WERROR}>:-Werror>
        $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
        $<$<AND:$<CXX_COMPILER_ID:Clang>,$<BOOL:${EDO_WERROR}>>:-Werror=thread-safety>)
    if(EDO_SANITIZE)  # a list with commas, which a generator expression cannot hold
        # GCC's own manual: sanitizers make this one see what is not there (std::optional, here).
        target_compile_options(${target} PRIVATE
            $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
    endif()
endfunction()
