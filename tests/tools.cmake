# Targets for people, with pinned tools:
#   format  writes every C file as .clang-format wants it
#   lint    fails if a C file is not so, and on what .clang-tidy finds
find_program(CLANG_FORMAT clang-format-14)
find_program(CLANG_TIDY clang-tidy-14)
find_program(RUN_CLANG_TIDY run-clang-tidy-14)
set(c_files git -C ${CMAKE_SOURCE_DIR} ls-files -z --cached --others --exclude-standard "*.c" "*.h")
list(JOIN c_files " " c_files)

function(stator_tool target needs)
  if(${needs})
    add_custom_target(${target} ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} USES_TERMINAL VERBATIM)
  else()
    add_custom_target(${target} COMMAND ${CMAKE_COMMAND} -E echo
      "${target} needs: apt-get install clang-format-14 clang-tidy-14, then configure again" COMMAND ${CMAKE_COMMAND} -E false)
  endif()
endfunction()

stator_tool(format CLANG_FORMAT COMMAND sh -c "${c_files} | xargs -0 ${CLANG_FORMAT} -i")
stator_tool(lint RUN_CLANG_TIDY
  COMMAND sh -c "${c_files} | xargs -0 ${CLANG_FORMAT} --dry-run -Werror"
  COMMAND ${RUN_CLANG_TIDY} -quiet -p ${CMAKE_BINARY_DIR} "${CMAKE_SOURCE_DIR}/(proto|server|client)/.*")
